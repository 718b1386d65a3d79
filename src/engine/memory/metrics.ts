import type { Metrics } from '../admin.js';
import { range } from './range.js';

const minute = 60_000;

/** Finished jobs of one kind per minute, as BullMQ counts them: a minute is noted when the first job after it has finished. */
export class MinuteCounts {
  #count = 0;
  #prevTS = 0;
  #prevCount = 0;
  #perMinute: readonly number[] = [];

  /** A job has finished. @param most minutes that are kept */
  note(now: number, most: number): void {
    const before = this.#count++;
    if (before === 0) {
      this.#prevTS = now;
      return;
    }
    const minutes = Math.min(Math.floor(now / minute) - Math.floor(this.#prevTS / minute), most);
    if (minutes <= 0) return;
    const quiet = Array.from({ length: minutes - 1 }, () => 0);
    this.#perMinute = [...quiet, before - this.#prevCount, ...this.#perMinute].slice(0, most);
    this.#prevCount = before;
    this.#prevTS = now;
  }

  read(start: number, end: number): Metrics {
    return {
      count: this.#count,
      prevTS: this.#prevTS,
      prevCount: this.#prevCount,
      data: range(this.#perMinute, start, end),
      points: this.#perMinute.length,
    };
  }
}
