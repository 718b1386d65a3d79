import type { Cancel, Clock } from '../index.js';
import type { WorldClock } from './world-clock.js';

/** A worker renews its leases when so much of them is over. */
const renewals = 0.3;

/** The clock of one machine: when the machine is lost, its timers are. */
export class MachineClock implements Clock {
  readonly #clock: WorldClock;
  readonly #pending = new Set<Cancel>();
  #renewal: number | undefined;
  #isLook = false;
  #state: 'running' | 'ending' | 'ended' = 'running';

  constructor(clock: WorldClock) {
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
    const isUpkeep = this.#isLook || ms === this.#renewal;
    this.#isLook = false;
    const fire = (): void => {
      this.#pending.delete(own);
      action();
    };
    const cancel = this.#clock.after(ms, fire, isUpkeep);
    const own = (): void => {
      this.#pending.delete(own);
      cancel();
    };
    this.#pending.add(own);
    return own;
  }

  /** A lease was taken. @param duration milliseconds */
  leased(duration: number): void {
    this.#renewal = duration * renewals;
    this.#clock.leased(duration);
  }

  /** The worker looked for stalled jobs, and will again: that is the next timer. */
  looked(): void {
    this.#isLook = true;
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
