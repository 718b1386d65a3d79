import { Processor, Step, type StepJob } from 'stepstream';
import { inject } from 'tsyringe';
import { mailClientToken, type Mail, type MailClient } from './mail-client.js';

@Processor('mails', { concurrency: 5 })
export class MailProcessor {
  constructor(@inject(mailClientToken) private readonly client: MailClient) {}

  @Step({ attempts: 3 }) send(job: StepJob<Mail>) {
    return this.client.send(job.data);
  }
}
