import { setTimeout as sleep } from 'node:timers/promises';
import { countdown } from '../countdown.js';
import type { Workload } from '../workload.js';
import { openQueue, openWorker } from './open.js';

/** From the call of `add` until an idle worker begins the job. */
export const run: Workload = async (stage, { size }) => {
  const queue = await openQueue(stage.url, 'pick-up');
  let next = countdown(1);
  let begun = 0;
  const worker = await openWorker(stage.url, 'pick-up', 1, async () => {
    begun = performance.now();
    next.hit();
  });
  void worker.run();
  const samples: number[] = [];
  for (let index = 0; index < size; index++) {
    await sleep(5);
    next = countdown(1);
    const called = performance.now();
    await queue.add('job', {});
    await next.reached;
    samples.push(begun - called);
  }
  await stage.holds('pick-up', 'completed', size);
  await worker.close();
  await queue.close();
  return { samples };
};
