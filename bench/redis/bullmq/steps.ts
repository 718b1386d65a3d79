import { countdown } from '../countdown.js';
import { payload, type Payload } from '../payload.js';
import type { Workload } from '../workload.js';
import { openQueue, openWorker, preload } from './open.js';

/** The process-step-jobs pattern: the step is saved in the job's data when it is done. */
export const run: Workload = async (stage, { size, concurrency, bytes, steps }) => {
  const queue = await openQueue(stage.url, 'steps');
  const data = payload(1, bytes);
  await preload(queue, size, () => data);
  const done = countdown(size);
  const worker = await openWorker(
    stage.url,
    'steps',
    concurrency,
    async (job) => {
      let { step } = job.data as Payload;
      while (step < steps) await job.updateData({ ...job.data, step: ++step });
      done.hit();
      return step;
    },
    done,
  );
  const figures = await stage.clock(size, async () => {
    void worker.run();
    await done.reached;
    await stage.holds('steps', 'completed', size);
  });
  await worker.close();
  await queue.close();
  return figures;
};
