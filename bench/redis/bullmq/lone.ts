import { setTimeout as sleep } from 'node:timers/promises';
import { countdown } from '../countdown.js';
import { wallClock } from '../wall-clock.js';
import type { Workload } from '../workload.js';
import { openQueue, openWorker } from './open.js';

/** How late a delayed job begins that an idle worker has to wake up for; the delays are spread over 100 ms. */
export const run: Workload = async (stage, { size }) => {
  const queue = await openQueue(stage.url, 'lone');
  let next = countdown(1);
  const samples: number[] = [];
  const worker = await openWorker(stage.url, 'lone', 1, async ({ timestamp, opts: { delay } }) => {
    samples.push(wallClock() - (timestamp + delay!));
    next.hit();
  });
  void worker.run();
  for (let index = 0; index < size; index++) {
    next = countdown(1);
    await queue.add('job', {}, { delay: 30 + ((index * 37) % 100) });
    await next.reached;
    await sleep(20);
  }
  await stage.holds('lone', 'completed', size);
  await worker.close();
  await queue.close();
  return { samples };
};
