import { of } from 'rxjs';
import { Processor, Step, type StepJob } from 'stepstream';
import { countdown } from '../countdown.js';
import type { Workload } from '../workload.js';
import { openApp, preload } from './open.js';

/** Jobs that do nothing, added before the clock starts. */
export const run: Workload = async (stage, { size, concurrency }) => {
  const done = countdown(size);

  @Processor('no-op', { concurrency })
  class NoOp {
    @Step() only(job: StepJob<{ readonly n: number }>) {
      done.hit();
      return of(job.data.n);
    }
  }

  const app = openApp(stage.url, [NoOp], done);
  await preload(app.queue(NoOp), size, (n) => ({ n }));
  const figures = await stage.clock(size, async () => {
    await app.start();
    await done.reached;
    await stage.holds('no-op', 'completed', size);
  });
  await app.close();
  return figures;
};
