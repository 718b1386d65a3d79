import { setTimeout as sleep } from 'node:timers/promises';
import { of } from 'rxjs';
import { Processor, Step, type StepJob } from 'stepstream';
import { countdown } from '../countdown.js';
import { wallClock } from '../wall-clock.js';
import type { Workload } from '../workload.js';
import { openApp } from './open.js';

/** How late a delayed job begins that an idle worker has to wake up for; the delays are spread over 100 ms. */
export const run: Workload = async (stage, { size }) => {
  let next = countdown(1);
  const samples: number[] = [];

  @Processor('lone')
  class Lone {
    @Step() only({ timestamp, opts: { delay } }: StepJob<object>) {
      samples.push(wallClock() - (timestamp + delay!));
      next.hit();
      return of(0);
    }
  }

  const app = openApp(stage.url, [Lone]);
  await app.start();
  for (let index = 0; index < size; index++) {
    next = countdown(1);
    await app.queue(Lone).add('job', {}, { delay: 30 + ((index * 37) % 100) });
    await next.reached;
    await sleep(20);
  }
  await stage.holds('lone', 'completed', size);
  await app.close();
  return { samples };
};
