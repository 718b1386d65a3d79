import { setTimeout as sleep } from 'node:timers/promises';
import { countdown } from './countdown.js';
import type { TakeOverSide, VictimTask } from './take-over.js';

/** The process that is killed: it takes a job of each queue, says so, and never finishes one. */

const { url, side, queues, spread } = JSON.parse(process.argv[2]!) as VictimTask;
process.once('disconnect', () => process.exit(1)); // the round was stopped

const { takeOverSide } = (await import(`./${side}/take-over.js`)) as { readonly takeOverSide: TakeOverSide };
const held = countdown(queues.length);
for (const queue of queues) {
  await takeOverSide.work(url, queue, () => {
    held.hit();
    return new Promise(() => {});
  });
  await sleep(spread / queues.length);
}
await held.reached;
process.send!('holding');
