import { deepStrictEqual } from 'node:assert/strict';
import type { Class, Resolver } from '../index.js';
import { Expectations, standing, type AssertLine } from './expectations.js';
import { runHelpers, type RunHelpers } from './run-helpers.js';
import { endlessError, stuckError } from './stuck.js';
import { timeOf } from './marble-time.js';
import { VirtualClock, VirtualScheduler } from './virtual-scheduler.js';
import { World } from './world.js';

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
      (received, expected) => (compare ? compare(received, expected) : assert!(show(received), show(expected), undefined)),
      new Date(start).getTime(),
      (after) => endlessError(world?.stuck() ?? [], after),
    );
    try {
      return scheduler.run((rx) => {
        const clock = new VirtualClock(scheduler);
        world = new World({ processors, resolver, clock });
        for (const [token, instance] of this.#options.instances ?? []) world.provided.value(token, instance);
        const expectations = new Expectations();
        const answer = play(runHelpers(world, rx, expectations));
        if (isPromise(answer)) throw new Error('what run plays must not be async: use await bed.advance(…) for promises');
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
