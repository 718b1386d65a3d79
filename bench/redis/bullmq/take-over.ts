import { takeOver, type TakeOverSide } from '../take-over.js';
import type { Workload } from '../workload.js';
import { openQueue, openWorker } from './open.js';

export const takeOverSide: TakeOverSide = {
  name: 'bullmq',
  spread: 30_000, // stalled jobs are looked for every 30 s
  async add(url, name) {
    const queue = await openQueue(url, name);
    await queue.add('job', {});
    await queue.close();
  },
  async work(url, queue, begun) {
    const worker = await openWorker(url, queue, 1, begun);
    void worker.run();
    return () => worker.close();
  },
};

/** From the kill of a worker's process until another worker begins its job. */
export const run: Workload = (stage, { size }) => takeOver(stage, takeOverSide, size);
