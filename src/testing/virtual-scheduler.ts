import { asyncScheduler, type SchedulerAction, type Subscription } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import type { Cancel, Clock } from '../index.js';
import { formatTime } from './time-text.js';

/** Far more than a test means to have: about half a second of work. */
const mostActions = 200_000;
/** A timer that renews leases, or looks for stalled jobs, sets itself again and again. */
const idleGenerations = 3;

/**
 * RxJS' TestScheduler, but for one mistake of it: when several timers are due in one frame and one of them cancels another, it
 * finds "Expected a due immediate or interval" and throws. There is nothing due then, so there is nothing to do. It also
 * begins at a time of one's own, and ends a run that doesn't end by itself.
 */
export class VirtualScheduler extends TestScheduler {
  /** Whether the action that runs is a timer of the engine's clock. */
  isClock = false;
  /** When something else ran last, such as the test's own or a stream's: it may lead on. */
  lastOther = 0;
  #actions = 0;

  /** @param start milliseconds since the epoch */
  constructor(
    assertDeepEqual: (actual: unknown, expected: unknown) => void,
    start: number,
    private readonly tellEndless: (after: string) => Error,
  ) {
    super(assertDeepEqual);
    this.now = () => start + this.frame;
  }

  override schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription {
    const counted = (action: SchedulerAction<T>, each?: T): void => {
      if (++this.#actions > mostActions) throw this.tellEndless(formatTime(this.frame));
      this.isClock = false;
      try {
        work.call(action, each);
        if (!this.isClock) this.lastOther = this.now();
      } catch (error) {
        if ((error as Error | undefined)?.message !== 'Expected a due immediate or interval') throw error;
      }
    };
    const tolerant = function (this: SchedulerAction<T>, each?: T): void {
      counted(this, each);
    };
    return super.schedule(tolerant, delay, state);
  }

  /** Virtual time ends after this moment. @param ms milliseconds from its beginning */
  stopAt(ms: number): void {
    const stop = (): void => {
      // what happens at this very moment is part of it
      if (this.actions.some(({ delay }) => delay <= this.frame)) super.schedule(stop);
      else for (let next = this.actions[0]; next; next = this.actions[0]) next.unsubscribe();
    };
    super.schedule(stop, ms);
  }
}

interface Timer {
  /** How many timers in a row, each set by the one before, did nothing. */
  readonly generation: number;
  readonly cancel: Cancel;
}

/**
 * The engine's clock inside `run` of a TestScheduler. A job that waits for a promise would keep its lease for ever: when
 * nothing is pending but timers that set themselves again, and no lease is left to run out, virtual time ends.
 */
export class VirtualClock implements Clock {
  readonly #scheduler: VirtualScheduler;
  readonly #pending = new Set<Timer>();
  #running: { readonly generation: number } | undefined;
  #progressed = false;
  #lastProgress = 0;
  #longestLease = 0;
  #ended = false;

  constructor(scheduler: VirtualScheduler) {
    this.#scheduler = scheduler;
  }

  now(): number {
    return this.#scheduler.now();
  }

  after(ms: number, action: () => void): Cancel {
    if (this.#ended) return () => {};
    const generation = this.#running && !this.#progressed ? this.#running.generation + 1 : 0;
    const scheduled = asyncScheduler.schedule(() => {
      this.#pending.delete(timer);
      this.#run(timer, action);
    }, ms);
    const cancel = (): void => {
      this.#pending.delete(timer);
      scheduled.unsubscribe();
    };
    const timer: Timer = { generation, cancel };
    this.#pending.add(timer);
    return cancel;
  }

  #run(timer: Timer, action: () => void): void {
    this.#scheduler.isClock = true;
    this.#running = timer;
    this.#progressed = false;
    try {
      action();
    } finally {
      this.#running = undefined;
    }
    if (!this.#progressed && timer.generation >= idleGenerations && this.#isIdle()) this.end();
  }

  #isIdle(): boolean {
    const last = Math.max(this.#lastProgress, this.#scheduler.lastOther);
    if (this.now() - last <= 2 * this.#longestLease) return false;
    // RxJS schedules an interval anew before it calls: that one is the timer that runs now
    if (this.#scheduler.actions.length > this.#pending.size + 1) return false;
    return [...this.#pending].every(({ generation }) => generation >= idleGenerations);
  }

  /** Something has happened to a job: what is set from now on may lead on. */
  progressed(): void {
    this.#progressed = true;
    this.#lastProgress = this.now();
  }

  /** @param duration milliseconds */
  leased(duration: number): void {
    this.#longestLease = Math.max(this.#longestLease, duration);
  }

  /** Takes back all timers, and sets no more. */
  end(): void {
    this.#ended = true;
    for (const { cancel } of this.#pending) cancel();
  }
}
