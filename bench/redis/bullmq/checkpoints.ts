import { countdown } from '../countdown.js';
import { marginal } from '../marginal.js';
import type { Stage } from '../stage.js';
import type { Load, Workload } from '../workload.js';
import { openQueue, openWorker, preload } from './open.js';

/** Steps whose results of 100 B are all kept: in the job's data, since BullMQ has no other place. */
export const run: Workload = (stage, load) => marginal(load, (steps) => runSteps(stage, load, steps));

async function runSteps(stage: Stage, { size, concurrency }: Load, steps: number) {
  const name = `steps-${steps}`;
  const queue = await openQueue(stage.url, name);
  await preload(queue, size, () => ({ results: [] }));
  const done = countdown(size);
  const worker = await openWorker(
    stage.url,
    name,
    concurrency,
    async (job) => {
      const { results } = job.data as { readonly results: readonly string[] };
      const kept = [...results];
      while (kept.length < steps) {
        kept.push(`${kept.length}`.padEnd(98, '.'));
        await job.updateData({ results: kept });
      }
      done.hit();
      return kept.at(-1);
    },
    done,
  );
  const figures = await stage.clock(size, async () => {
    void worker.run();
    await done.reached;
    await stage.holds(name, 'completed', size);
  });
  await worker.close();
  await queue.close();
  return figures;
}
