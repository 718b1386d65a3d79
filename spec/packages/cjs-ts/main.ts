/** TypeScript that becomes CommonJS, by the compiler that most still have. */
import { from, of } from 'rxjs';
import {
  checkpoint,
  checkpointMap,
  createApp,
  goto,
  Processor,
  Step,
  UnrecoverableError,
  type JobProgress,
  type StepJob,
} from 'stepstream';
import { crashMatrix } from 'stepstream/testing';

interface Batch {
  readonly to: readonly string[];
}

@Processor('mails')
class Mails {
  @Step() send(job: StepJob<Batch, string>) {
    return from(job.data.to).pipe(checkpointMap((to, index) => of(`${index + 1} to ${to}`)));
  }

  @Step({ after: 'send' }) count(job: StepJob<Batch>, last: string) {
    if (job.data.to.length > 2) throw new UnrecoverableError('too many');
    return of(`${last} was the last, visit ${job.visit}`).pipe(
      checkpoint(),
      goto(() => (job.visit < 3 ? 'count' : undefined)),
    );
  }
}

async function main(): Promise<void> {
  const app = createApp({ processors: [Mails] });
  await app.start();
  const job = await app.queue(Mails).add('batch', { to: ['ada', 'grace'] });
  const seen: JobProgress[] = [];
  job.progress$.subscribe((progress) => seen.push(progress));
  console.log('result:', await job.result());
  console.log('last saved in:', seen.at(-1)?.step);
  const refused = await app.queue(Mails).add('batch', { to: ['ada', 'grace', 'edith'] });
  await refused.result().catch((error: unknown) => console.log(String(error)));
  await app.close();

  const matrix = crashMatrix(Mails, { to: ['ada', 'grace'] });
  console.log('boundaries where a crash does harm:', matrix.unsafe.length);
}

void main();
