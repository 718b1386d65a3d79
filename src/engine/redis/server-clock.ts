import type { Clock } from '../clock.js';

/** Redis' time: that of its last answers, and what has passed since. So all machines agree, whatever their own clocks say. */
export class ServerClock implements Clock {
  readonly #local: Clock;
  #ahead: number | undefined;
  #last = 0;

  constructor(local: Clock) {
    this.#local = local;
  }

  now(): number {
    this.#last = Math.max(this.#last, this.#local.now() + (this.#ahead ?? 0));
    return this.#last;
  }

  after(ms: number, action: () => void): () => void {
    return this.#local.after(ms, action);
  }

  /** An answer has just come that was given at this time. The quickest ones are the most exact; others count little. */
  tell(seconds: string, microseconds: string): number {
    const at = Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    const ahead = at - this.#local.now();
    if (this.#ahead === undefined || ahead > this.#ahead) this.#ahead = ahead;
    else this.#ahead += (ahead - this.#ahead) / 64;
    return at;
  }
}
