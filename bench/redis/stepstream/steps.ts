import { of } from 'rxjs';
import { Processor, Step, type StepJob } from 'stepstream';
import { countdown } from '../countdown.js';
import { payload, type Payload } from '../payload.js';
import type { Workload } from '../workload.js';
import { openApp, preload } from './open.js';

/** Five steps, each saved. */
export const run: Workload = async (stage, { size, concurrency, bytes, steps }) => {
  if (steps !== 5) throw new Error('the class below has five steps');
  const done = countdown(size);

  @Processor('steps', { concurrency })
  class Steps {
    @Step() a(job: StepJob<Payload>) {
      return of(job.data.step + 1);
    }
    @Step() b(_job: StepJob<Payload>, step: number) {
      return of(step + 1);
    }
    @Step() c(_job: StepJob<Payload>, step: number) {
      return of(step + 1);
    }
    @Step() d(_job: StepJob<Payload>, step: number) {
      return of(step + 1);
    }
    @Step() e(_job: StepJob<Payload>, step: number) {
      done.hit();
      return of(step + 1);
    }
  }

  const app = openApp(stage.url, [Steps], done);
  const data = payload(1, bytes);
  await preload(app.queue(Steps), size, () => data);
  const figures = await stage.clock(size, async () => {
    await app.start();
    await done.reached;
    await stage.holds('steps', 'completed', size);
  });
  await app.close();
  return figures;
};
