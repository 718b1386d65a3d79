import { map, of, range } from 'rxjs';
import { awaitChildren, Processor, Step, type StepJob } from 'stepstream';
import { countdown } from '../countdown.js';
import type { Workload } from '../workload.js';
import { openApp, preload } from './open.js';

const perParent = 10;

/** Parents that add ten children, wait for them, and read their results. */
export const run: Workload = async (stage, { size, concurrency }) => {
  const done = countdown(size);

  @Processor('children', { concurrency })
  class Child {
    @Step() only(job: StepJob<{ readonly n: number }>) {
      return of(job.data.n);
    }
  }

  @Processor('parents', { concurrency })
  class Parent {
    @Step() family() {
      return range(0, perParent).pipe(
        awaitChildren((n) => ({ queue: Child, name: 'child', data: { n } })),
        map((results) => {
          if (results.length !== perParent) throw new Error(`${results.length} results of ${perParent} children`);
          done.hit();
          return results.length;
        }),
      );
    }
  }

  const app = openApp(stage.url, [Parent, Child], done);
  await preload(app.queue('parents'), size, () => ({}));
  const figures = await stage.clock(size, async () => {
    await app.start();
    await done.reached;
    await stage.holds('parents', 'completed', size);
    await stage.holds('children', 'completed', size * perParent);
  });
  await app.close();
  return figures;
};
