import type { Cancel, Clock } from '../index.js';

/** The clock of one machine: when the machine is lost, its timers are. */
export class MachineClock implements Clock {
  readonly #clock: Clock;
  readonly #pending = new Set<Cancel>();
  #state: 'running' | 'ending' | 'ended' = 'running';

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  now(): number {
    return this.#clock.now();
  }

  after(ms: number, action: () => void): Cancel {
    if (this.#state !== 'running') {
      if (this.#state === 'ending') action();
      return () => {};
    }
    const cancel = this.#clock.after(ms, () => {
      this.#pending.delete(own);
      action();
    });
    const own = (): void => {
      this.#pending.delete(own);
      cancel();
    };
    this.#pending.add(own);
    return own;
  }

  /** Takes all timers back; what `closing` sets is called at once, and nothing later. */
  end(closing: () => void): void {
    if (this.#state !== 'running') return;
    this.#state = 'ending';
    for (const cancel of this.#pending) cancel();
    closing();
    this.#state = 'ended';
  }
}
