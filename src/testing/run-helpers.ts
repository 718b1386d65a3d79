import { asyncScheduler } from 'rxjs';
import type { RunHelpers as RxRunHelpers } from 'rxjs/testing';
import type { Class, DataOf } from '../index.js';
import type { Expectations, ExpectJob, ExpectStep } from './expectations.js';
import type { JobHandle } from './job-handle.js';
import type { Machine } from './machine.js';
import { timeOf, translateMarbles } from './marble-time.js';
import type { StoredJob } from './stored-job.js';
import type { AddOptions, World } from './world.js';

/** What the callback of `JobTestBed.run` is given. Marbles and times know `ms s m h d w y`. */
export interface RunHelpers {
  /** RxJS' `cold`: begins anew for each subscriber. */
  readonly cold: RxRunHelpers['cold'];
  /** RxJS' `hot`: goes on whether somebody listens or not. */
  readonly hot: RxRunHelpers['hot'];
  /** Milliseconds of `'3d'`, `'1h 30m'`, or RxJS' `'--|'`. */
  time(text: string): number;
  readonly expectObservable: RxRunHelpers['expectObservable'];
  readonly expectSubscriptions: RxRunHelpers['expectSubscriptions'];

  /** Passes a value in wherever its token is injected, before what the container has; the class of a processor is a token too. */
  provide(token: unknown, value: unknown): void;
  /** Likewise, made anew for each that has it injected. */
  provideNew(token: unknown, make: () => unknown): void;
  /** Adds a job, at the present of virtual time. */
  add<P>(processor: Class<P>, data: DataOf<P>, options?: AddOptions): JobHandle;
  add(queue: string, data?: unknown, options?: AddOptions): JobHandle;
  /** Puts a stored job into the store, in its state: what an older version of the code has left. */
  load(stored: StoredJob): JobHandle;
  /** The job that is, or will be, number `index` (from 0) of those added to a queue: a child, for example. */
  nth(processor: Class | string, index: number): JobHandle;
  /** Calls an action later. @param when time since the beginning, `'3d'` */
  at(when: string, action: () => void): void;
  /** Cancels a job, now. */
  cancel(job: JobHandle, reason?: string): void;
  /** Starts a machine, now. Without any the bed starts one when the scene has been played. */
  machine(name?: string): Machine;

  /** What a job is expected to go through, compared in the end. */
  expectJob(job: JobHandle): ExpectJob;
  /** What a step is expected to emit, compared in the end. */
  expectStep(job: JobHandle, step: string): ExpectStep;
}

/** RxJS' helpers, with longer times, and those for jobs. */
export function runHelpers(world: World, rx: RxRunHelpers, expectations: Expectations): RunHelpers {
  return {
    cold: ((marbles: string, values?: object, error?: unknown) =>
      rx.cold(translateMarbles(marbles, values), values as never, error)) as RxRunHelpers['cold'],
    hot: ((marbles: string, values?: object, error?: unknown) =>
      rx.hot(translateMarbles(marbles, values), values as never, error)) as RxRunHelpers['hot'],
    time: timeOf,
    expectObservable: (observable, subscription) => {
      const expected = rx.expectObservable(
        observable,
        subscription == null ? subscription : translateMarbles(subscription),
      );
      return {
        ...expected,
        toBe: (marbles: string, values?: unknown, error?: unknown) =>
          expected.toBe(translateMarbles(marbles, values), values, error),
      };
    },
    expectSubscriptions: (logs) => ({
      toBe: (marbles) => rx.expectSubscriptions(logs).toBe([marbles].flat().map((each) => translateMarbles(each))),
    }),

    provide: (token, value) => world.provided.value(token, value),
    provideNew: (token, make) => world.provided.made(token, make),
    add: (processor: Class | string, data?: unknown, options?: AddOptions) => world.add(processor, data, options),
    load: (stored) => world.load(stored),
    nth: (processor, index) => world.nth(processor, index),
    at: (when, action) => void asyncScheduler.schedule(action, timeOf(when) - world.elapsed),
    cancel: (job, reason = 'cancelled by the test') => world.cancel(job, reason),
    machine: (name) => world.startMachine(name),
    expectJob: expectations.expectJob,
    expectStep: expectations.expectStep,
  };
}
