import { DelayedError } from 'bullmq';
import { countdown } from '../countdown.js';
import type { Workload } from '../workload.js';
import { openQueue, openWorker, preload } from './open.js';

/** Two steps with 10 ms between; the step is saved before the move, since the job may be taken at once after it. */
export const run: Workload = async (stage, { size, concurrency }) => {
  const queue = await openQueue(stage.url, 'delay');
  await preload(queue, size, (n) => ({ n, step: 0 }));
  const done = countdown(size);
  const worker = await openWorker(
    stage.url,
    'delay',
    concurrency,
    async (job, token) => {
      const { n, step } = job.data as { readonly n: number; readonly step: number };
      if (step === 0) {
        await job.updateData({ n, step: 1 });
        await job.moveToDelayed(Date.now() + 10, token);
        throw new DelayedError();
      }
      await job.updateData({ n, step: 2 });
      done.hit();
      return n;
    },
    done,
  );
  const figures = await stage.clock(size, async () => {
    void worker.run();
    await done.reached;
    await stage.holds('delay', 'completed', size);
  });
  await worker.close();
  await queue.close();
  return figures;
};
