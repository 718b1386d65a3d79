import { of } from 'rxjs';
import { Processor, Step, type Class } from 'stepstream';
import { countdown } from '../countdown.js';
import { marginal } from '../marginal.js';
import type { Stage } from '../stage.js';
import type { Load, Workload } from '../workload.js';
import { openApp, preload } from './open.js';

/** Steps whose results of 100 B are all kept, as their outputs. */
export const run: Workload = (stage, load) => marginal(load, (steps) => runSteps(stage, load, steps));

async function runSteps(stage: Stage, { size, concurrency }: Load, steps: number) {
  const queue = `steps-${steps}`;
  const done = countdown(size);
  const processor = longProcessor(queue, concurrency, steps, done.hit);
  const app = openApp(stage.url, [processor], done);
  await preload(app.queue(queue), size, () => ({}));
  const figures = await stage.clock(size, async () => {
    await app.start();
    await done.reached;
    await stage.holds(queue, 'completed', size);
  });
  await app.close();
  return figures;
}

/** A class with so many steps; nobody would write a thousand down. */
function longProcessor(queue: string, concurrency: number, steps: number, last: () => void): Class {
  class Long {
    readonly steps = steps;
  }
  for (let index = 0; index < steps; index++) {
    const step = () => {
      if (index === steps - 1) last();
      return of(`${index}`.padEnd(98, '.'));
    };
    const name = `step${index}`;
    const descriptor = { value: step, configurable: true, writable: true };
    Object.defineProperty(Long.prototype, name, descriptor);
    Step()(Long.prototype, name, descriptor);
  }
  Processor(queue, { concurrency })(Long);
  return Long;
}
