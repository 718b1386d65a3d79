import type { Cancel, Clock } from 'stepstream';

interface Timer {
  readonly due: number;
  readonly action: () => void;
}

/** A clock that stands until a test moves it. */
export class ManualClock implements Clock {
  #now: number;
  /** In the order in which they were set. */
  readonly #timers = new Set<Timer>();

  constructor(now = 1_800_000_000_000) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(ms: number, action: () => void): Cancel {
    const timer = { due: this.#now + Math.max(ms, 0), action };
    this.#timers.add(timer);
    return () => void this.#timers.delete(timer);
  }

  /** Moves on, calling what is due on the way in its order; answers how many actions that were. */
  advance(ms: number): number {
    const end = this.#now + ms;
    let called = 0;
    for (let timer = this.#first(); timer && timer.due <= end; timer = this.#first()) {
      this.#now = Math.max(this.#now, timer.due);
      this.#timers.delete(timer);
      called++;
      timer.action();
    }
    this.#now = end;
    return called;
  }

  /** Time passes, but nothing that is due is called: the event loop is blocked. */
  block(ms: number): void {
    this.#now += ms;
  }

  /** Calls the next action if it is due by now; answers whether there was one. */
  tick(): boolean {
    const timer = this.#first();
    if (!timer || timer.due > this.#now) return false;
    this.#timers.delete(timer);
    timer.action();
    return true;
  }

  /** How many actions are still to be called. */
  get pending(): number {
    return this.#timers.size;
  }

  /** When the next action is due. */
  get nextDue(): number | undefined {
    return this.#first()?.due;
  }

  #first(): Timer | undefined {
    let first: Timer | undefined;
    for (const timer of this.#timers) if (!first || timer.due < first.due) first = timer;
    return first;
  }
}
