import type { RateLimit } from '../admin.js';

/** How many jobs of one queue may be active, and how many taken in a time. */
export class Limits {
  concurrency: number | undefined;
  rate: RateLimit | undefined;
  /** Jobs that were taken until the time is over; any number when none may be. */
  #taken = 0;
  #until = 0;
  /** A claim was held up since. */
  #heldUp = false;

  /** How many jobs may be taken now, of as many as are wanted. @param limiter the worker's, when the queue has no limit of its own */
  room(wanted: number, active: number, limiter: RateLimit | undefined, now: number): number {
    const room = Math.min(wanted, this.#roomInTime(limiter, now));
    this.#heldUp = room < wanted;
    return Math.max(this.concurrency === undefined ? room : Math.min(room, this.concurrency - active), 0);
  }

  count(taken: number, limiter: RateLimit | undefined, now: number): void {
    const limit = this.rate ?? limiter;
    if (!limit || taken === 0) return;
    if (now >= this.#until) {
      this.#taken = 0;
      this.#until = now + limit.duration;
    }
    this.#taken += taken;
  }

  /** Nothing is taken for so many milliseconds. */
  block(ms: number, now: number): void {
    this.#taken = Infinity;
    this.#until = now + ms;
    this.#heldUp = true;
  }

  /** Answers whether there was anything to end. */
  unblock(now: number): boolean {
    const held = now < this.#until;
    this.#until = 0;
    return held;
  }

  /** Milliseconds until jobs are taken again. */
  ttl(max: number | undefined, now: number): number {
    const isHeld = this.#taken >= (max ?? this.rate?.max ?? 1); // as BullMQ: held against no limit, any job counts
    return isHeld ? Math.ceil(Math.max(this.#until - now, 0)) : 0;
  }

  /** When a claim that was held up finds more. */
  nextTime(now: number): number | undefined {
    return this.#heldUp && this.#until > now ? this.#until : undefined;
  }

  #roomInTime(limiter: RateLimit | undefined, now: number): number {
    const taken = now < this.#until ? this.#taken : 0;
    const limit = this.rate ?? limiter;
    if (taken === Infinity) return 0;
    return limit ? limit.max - taken : Infinity;
  }
}
