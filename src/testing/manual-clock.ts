import type { Cancel } from '../index.js';
import type { WorldClock } from './world-clock.js';

interface Timer {
  readonly due: number;
  readonly action: () => void;
  /** How many timers in a row, each set by the one before, did nothing. */
  readonly generation: number;
}

/** A clock that stands until it is moved: for code that is made of promises. */
export class ManualClock implements WorldClock {
  /** Counts what happens to jobs. */
  progress = 0;
  #now: number;
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>();
  #running: Timer | undefined;
  #progressAtStart = 0;
  #lastProgress = 0;
  #longestLease = 0;

  constructor(now: number) {
    this.#now = now;
    this.#lastProgress = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void, isUpkeep = false): Cancel {
    const didNothing = this.#running !== undefined && this.progress === this.#progressAtStart;
    const timer = {
      due: this.#now + Math.max(ms, 0),
      action,
      generation: didNothing ? this.#running!.generation + 1 : isUpkeep ? 1 : 0,
    };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  progressed(): void {
    this.progress++;
    this.#lastProgress = this.#now;
  }

  leased(duration: number): void {
    this.#longestLease = Math.max(this.#longestLease, duration);
  }

  /** Calls the next action if it is due by now; answers whether there was one. */
  tick(): boolean {
    const timer = this.#first();
    if (!timer || timer.due > this.#now) return false;
    this.#timers.delete(timer);
    this.#running = timer;
    this.#progressAtStart = this.progress;
    try {
      timer.action();
    } finally {
      this.#running = undefined;
    }
    return true;
  }

  /** Time passes up to then; calls nothing. */
  moveTo(time: number): void {
    this.#now = Math.max(this.#now, time);
  }

  /** When the next action is due. */
  get nextDue(): number | undefined {
    return this.#first()?.due;
  }

  /** Whether all that is pending are timers that set themselves again and do nothing, such as those that renew leases. */
  get isIdle(): boolean {
    return [...this.#timers].every(({ generation }) => generation > 0);
  }

  /** Whether nothing will ever happen by this clock alone: idle for so long that every lease would have run out. */
  get isOver(): boolean {
    return this.isIdle && (this.#timers.size === 0 || this.#now - this.#lastProgress > 2 * this.#longestLease + 60_000);
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (!first || timer.due < first.due) first = timer;
    return first;
  }
}
