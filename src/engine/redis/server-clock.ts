import { steadyTime, type Clock } from '../clock.js';

/** When Redis' time is behind ours, ours goes on more slowly until it isn't: it neither stands still nor goes back. */
const slowest = 0.9;

/** Redis' time: that of its last answers, and what has passed since. So all machines agree, whatever their own clocks say. */
export class ServerClock implements Clock {
  readonly #local: Clock;
  /** How far Redis is ahead of the local clock; not known before its first answer. */
  #ahead: number | undefined;
  #last = 0;
  #lastSteady = 0;

  constructor(local: Clock) {
    this.#local = local;
  }

  /** Before Redis' first answer it is local time, to which nothing later is held. */
  now(): number {
    const local = this.#local.now();
    if (this.#ahead === undefined) return local;
    const steady = this.steady();
    this.#last = Math.max(local + this.#ahead, this.#last + slowest * (steady - this.#lastSteady));
    this.#lastSteady = steady;
    return this.#last;
  }

  /** What Redis' time was at a local one. */
  ofLocal(local: number): number {
    return local + (this.#ahead ?? 0);
  }

  steady(): number {
    return steadyTime(this.#local);
  }

  after(ms: number, action: () => void): () => void {
    return this.#local.after(ms, action);
  }

  /** An answer has just come that was given at this time. The quickest ones are the most exact; others count little. */
  tell(seconds: string, microseconds: string): void {
    const ahead = Number(seconds) * 1_000 + Number(microseconds) / 1_000 - this.#local.now();
    if (this.#ahead === undefined) {
      this.#ahead = ahead;
      this.#lastSteady = this.steady();
    } else if (ahead > this.#ahead) this.#ahead = ahead;
    else this.#ahead += (ahead - this.#ahead) / 64;
  }
}
