import { countdown } from '../countdown.js';
import type { Workload } from '../workload.js';
import { openQueue, openWorker, preload } from './open.js';

/** Jobs that do nothing, added before the clock starts. */
export const run: Workload = async (stage, { size, concurrency }) => {
  const queue = await openQueue(stage.url, 'no-op');
  await preload(queue, size, (n) => ({ n }));
  const done = countdown(size);
  const process = async ({ data }: { readonly data: { readonly n: number } }): Promise<number> => {
    done.hit();
    return data.n;
  };
  const worker = await openWorker(stage.url, 'no-op', concurrency, process, done);
  const figures = await stage.clock(size, async () => {
    void worker.run();
    await done.reached;
    await stage.holds('no-op', 'completed', size);
  });
  await worker.close();
  await queue.close();
  return figures;
};
