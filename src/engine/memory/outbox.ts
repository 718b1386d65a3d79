import type { Cancel, Clock } from '../clock.js';

/**
 * Calls that an engine method owes to others: made in order, after the method has returned. Without it, a listener could
 * call the engine in the middle of a transition.
 */
export class Outbox {
  readonly #clock: Clock;
  #calls: (() => void)[] = [];
  #cancel: Cancel | undefined;
  #closed = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  post(call: () => void): void {
    if (this.#closed) return;
    this.#calls.push(call);
    this.#cancel ??= this.#clock.after(0, () => this.#flush());
  }

  #flush(): void {
    const calls = this.#calls;
    this.#calls = [];
    this.#cancel = undefined;
    for (const each of calls) each();
  }

  /** Calls a listener. What it throws surfaces in a turn of its own: the others must hear all the same. */
  call(listener: () => void): void {
    try {
      listener();
    } catch (error) {
      this.#clock.after(0, () => {
        throw error;
      });
    }
  }

  /** Makes the calls that are owed, now, and none after them. */
  close(): void {
    this.#closed = true;
    this.#cancel?.();
    this.#flush();
  }
}
