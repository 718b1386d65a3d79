import { inject, injectable, type Disposable, type InjectionToken } from 'tsyringe';
import { configToken, type Config } from './config.js';
import { say } from './say.js';

export interface Mail {
  readonly to: string;
  readonly text: string;
}

/** What sends mails. Others may stand behind the token: a test's, or that of another provider. */
export interface MailClient {
  send(mail: Mail): Promise<string>;
}

export const mailClientToken: InjectionToken<MailClient> = Symbol('what sends mails');

/** Prints instead of sending: a sample bothers nobody. */
@injectable()
export class PrintingMailClient implements MailClient, Disposable {
  #sent = 0;

  constructor(@inject(configToken) { sender }: Config) {
    say('mail', `connects as ${sender}`);
  }

  async send({ to, text }: Mail): Promise<string> {
    say('mail', `to ${to}: ${text}`);
    return `message ${++this.#sent}`;
  }

  dispose(): void {
    say('mail', 'disconnects');
  }
}
