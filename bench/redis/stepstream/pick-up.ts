import { setTimeout as sleep } from 'node:timers/promises';
import { of } from 'rxjs';
import { Processor, Step } from 'stepstream';
import { countdown } from '../countdown.js';
import type { Workload } from '../workload.js';
import { openApp } from './open.js';

/** From the call of `add` until an idle worker begins the job. */
export const run: Workload = async (stage, { size }) => {
  let next = countdown(1);
  let begun = 0;

  @Processor('pick-up')
  class PickUp {
    @Step() only() {
      begun = performance.now();
      next.hit();
      return of(0);
    }
  }

  const app = openApp(stage.url, [PickUp]);
  await app.start();
  const samples: number[] = [];
  for (let index = 0; index < size; index++) {
    await sleep(5);
    next = countdown(1);
    const called = performance.now();
    await app.queue('pick-up').add('job', {});
    await next.reached;
    samples.push(begun - called);
  }
  await stage.holds('pick-up', 'completed', size);
  await app.close();
  return { samples };
};
