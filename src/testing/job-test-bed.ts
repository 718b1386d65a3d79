import { deepStrictEqual } from 'node:assert/strict';
import ms from 'ms';
import type { Class, DataOf, Resolver } from '../index.js';
import { Expectations, standing, type AssertLine, type ExpectJob, type ExpectStep } from './expectations.js';
import type { JobHandle } from './job-handle.js';
import { LiveWorld } from './live-world.js';
import type { Machine } from './machine.js';
import { runHelpers, type RunHelpers } from './run-helpers.js';
import { endlessError, stuckError } from './stuck.js';
import { timeOf } from './marble-time.js';
import { parseTime } from './time-text.js';
import { VirtualClock, VirtualScheduler } from './virtual-scheduler.js';
import type { StoredJob } from './stored-job.js';
import { World, type AddOptions } from './world.js';

/** Options of a {@link JobTestBed}. */
export interface JobTestBedOptions {
  /** The classes whose jobs the bed runs; they need no change. */
  readonly processors: readonly Class[];
  /** Makes their instances. Default: tsyringe's container. What a test passes with `provide` goes before it. */
  readonly resolver?: Resolver;
  /** Instances to use for classes, as in `provide`. */
  readonly instances?: Iterable<readonly [token: Class, instance: object]>;
  /** Throws when a line differs. Default: throws an Error with a message that shows both lines. */
  readonly assert?: AssertLine;
  /** When virtual time begins. Default: 1970. A line always begins at zero. */
  readonly start?: Date | string | number;
}

/** Options of {@link JobTestBed.run}. */
export interface RunOptions {
  /** Where to stop, for jobs that go on for ever: `'30d'`. */
  readonly until?: string;
}

/**
 * Runs whole jobs in virtual time: the real runner, the real embedded engine, and RxJS' own TestScheduler, in which thirty days
 * cost a millisecond. Each run has a store of its own. Independent of the test runner.
 *
 * @example
 * ```ts
 * const bed = new JobTestBed({ processors: [OrderProcessor] });
 *
 * it('asks for a review after three days', () => {
 *   bed.run(({ provide, add, cold, expectJob }) => {
 *     provide(Mail, { askForReview: () => cold('2s (a|)', { a: 'asked' }) });
 *     const job = add(OrderProcessor, { id: 7 });
 *     expectJob(job).toBe('(cd) 3d r 2s |', { '|': { result: 'asked' } });
 *   });
 * });
 * ```
 */
export class JobTestBed {
  readonly #options: JobTestBedOptions;
  #live: LiveWorld | undefined;

  constructor(options: JobTestBedOptions) {
    this.#options = options;
  }

  /**
   * Plays a scene in virtual time, then lets time pass until nothing is left to happen, and compares the lines.
   *
   * @param play adds jobs, passes in what they need, and says what is expected; not async
   * @returns what `play` returns, such as a job's handle
   * @throws what `play` throws; Error when a line differs, or when a job waits for a promise, which can't be virtualised
   */
  run<T>(play: (helpers: RunHelpers) => T, { until }: RunOptions = {}): T {
    const { processors, resolver, assert, start = 0 } = this.#options;
    const compare = assert ? undefined : deepStrictEqual;
    let world: World | undefined;
    const scheduler = new VirtualScheduler(
      (received, expected) =>
        compare ? compare(received, expected) : assert!(show(received), show(expected), undefined),
      new Date(start).getTime(),
      (after) => endlessError(world?.stuck() ?? [], after),
    );
    try {
      return scheduler.run((rx) => {
        const clock = new VirtualClock(scheduler);
        world = new World({ processors, resolver, clock, isVirtual: true });
        for (const [token, instance] of this.#options.instances ?? []) world.provided.value(token, instance);
        const expectations = new Expectations();
        const answer = play(runHelpers(world, rx, expectations));
        if (isPromise(answer))
          throw new Error('what run plays must not be async: use await bed.advance(…) for promises');
        if (world.machines.length === 0) world.startMachine();
        if (until !== undefined) scheduler.stopAt(timeOf(until));
        rx.flush();
        const stuck = until === undefined ? world.stuck() : [];
        if (stuck.length > 0) throw stuckError(stuck, 'nothing is left to happen in virtual time');
        expectations.check(assert, () => notesOf(world!));
        return answer;
      });
    } finally {
      world?.end();
    }
  }

  // --- the asynchronous mode: for code that is made of promises ---

  /** Lets time pass and everything happen at its moment; promises resolve between timers. @param time `'3 days'`, `'3d'` or milliseconds */
  async advance(time: number | string): Promise<void> {
    await this.#open().advance(millisecondsOf(time));
  }

  /**
   * Lets as much time pass as it takes the job to complete or fail. Answers the job.
   *
   * @throws Error when it never will, or when what it waits for hasn't come in five seconds of real time
   * @example
   * ```ts
   * const job = bed.add(Importer, { url });
   * await bed.settled(job);
   * expect(job.result).toBe(12);
   * ```
   */
  async settled(job: JobHandle): Promise<JobHandle> {
    await this.#open().settled(job);
    return job;
  }

  /** As in `run`. */
  provide(token: unknown, value: unknown): void {
    this.#open().world.provided.value(token, value);
  }

  /** As in `run`. */
  add<P>(processor: Class<P>, data: DataOf<P>, options?: AddOptions): JobHandle;
  add(queue: string, data?: unknown, options?: AddOptions): JobHandle;
  add(processor: Class | string, data?: unknown, options?: AddOptions): JobHandle {
    return this.#open().world.add(processor, data, options);
  }

  /** As in `run`. */
  load(stored: StoredJob): JobHandle {
    return this.#open().world.load(stored);
  }

  /** A job as a fixture, which a later version of the code can {@link load}. */
  save(job: JobHandle): StoredJob {
    return job.save();
  }

  /** As in `run`. */
  nth(processor: Class | string, index: number): JobHandle {
    return this.#open().world.nth(processor, index);
  }

  /** As in `run`. */
  cancel(job: JobHandle, reason = 'cancelled by the test'): void {
    this.#open().world.cancel(job, reason);
  }

  /** As in `run`. */
  machine(name?: string): Machine {
    return this.#open().world.startMachine(name);
  }

  /** What a job has gone through so far; a line that differs throws at once. */
  expectJob(job: JobHandle): ExpectJob {
    return { toBe: (...line) => this.#check((expectations) => expectations.expectJob(job).toBe(...line)) };
  }

  /** What a step has emitted so far; a line that differs throws at once. */
  expectStep(job: JobHandle, step: string): ExpectStep {
    return { toBe: (...line) => this.#check((expectations) => expectations.expectStep(job, step).toBe(...line)) };
  }

  /** Forgets the jobs and machines of the asynchronous mode: the next call begins with an empty store at the start of time. */
  reset(): void {
    this.#live?.world.end();
    this.#live = undefined;
  }

  #open(): LiveWorld {
    if (this.#live) return this.#live;
    const { start = 0, instances = [] } = this.#options;
    this.#live = new LiveWorld(this.#options, new Date(start).getTime());
    for (const [token, instance] of instances) this.#live.world.provided.value(token, instance);
    return this.#live;
  }

  #check(expect: (expectations: Expectations) => void): void {
    const expectations = new Expectations();
    expect(expectations);
    expectations.check(this.#options.assert, () => notesOf(this.#open().world));
  }
}

/** As `delay` takes it, or as lines have it. @throws Error for what is no duration */
function millisecondsOf(time: number | string): number {
  const parsed = typeof time === 'string' ? (parseTime(time) ?? ms(time as ms.StringValue)) : time;
  if (typeof parsed === 'number' && parsed >= 0 && Number.isFinite(parsed)) return parsed;
  throw new Error(`${String(time)} is no time to pass: give milliseconds, or text such as '3 days' or '1h 30m'`);
}

function notesOf(world: World): readonly string[] {
  const jobs = world.trace.logs.map(({ queue, id }) => world.handle(queue, id));
  return [...standing(jobs), ...world.warnings.map((warning) => `warned: ${warning}`)];
}

function isPromise(value: unknown): boolean {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function';
}

function show(value: unknown): string {
  return JSON.stringify(value, undefined, 2);
}
