import { of } from 'rxjs';
import { delay, Processor, Step, type StepJob } from 'stepstream';
import { countdown } from '../countdown.js';
import type { Workload } from '../workload.js';
import { openApp, preload } from './open.js';

/** Two steps with 10 ms between. */
export const run: Workload = async (stage, { size, concurrency }) => {
  const done = countdown(size);

  @Processor('delay', { concurrency })
  class Delayed {
    @Step() first(job: StepJob<{ readonly n: number }>) {
      return of(job.data.n).pipe(delay(10));
    }
    @Step({ after: 'first' }) second(_job: StepJob<{ readonly n: number }>, n: number) {
      done.hit();
      return of(n);
    }
  }

  const app = openApp(stage.url, [Delayed], done);
  await preload(app.queue(Delayed), size, (n) => ({ n }));
  const figures = await stage.clock(size, async () => {
    await app.start();
    await done.reached;
    await stage.holds('delay', 'completed', size);
  });
  await app.close();
  return figures;
};
