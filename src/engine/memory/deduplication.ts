import type { Clock } from '../clock.js';
import type { Deduplication } from '../records.js';
import type { StoredJob } from './stored-job.js';

/** What one job holds, so that no other of the same deduplication id is added. */
interface Place {
  jobId: string;
  /** When it is freed; `undefined`: when its job has finished. */
  until: number | undefined;
}

/** The places of one queue's deduplications. */
export class Deduplications {
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();
  /** The last that was turned away while the job was active: it is added when that has finished. */
  readonly #kept = new Map<string, StoredJob>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The id of the job that holds the place. */
  holder(id: string): string | undefined {
    return this.#placeOf(id)?.jobId;
  }

  hold({ id, ...options }: Deduplication, jobId: string): void {
    this.#places.set(id, { jobId, until: this.#endOf(options) });
  }

  /** A job that takes the place of one that is gone; the time that is left stays unless it is to be extended. */
  replace(options: Deduplication, jobId: string): void {
    const until = this.#placeOf(options.id)?.until;
    this.#kept.delete(options.id);
    this.hold(options, jobId);
    if (options.ttl && !options.extend && !options.keepLastIfActive) this.#placeOf(options.id)!.until = until;
  }

  /** A job is turned away: the time begins anew if it is to. */
  extend({ id, ...options }: Deduplication): void {
    if (options.extend && options.ttl) this.#placeOf(id)!.until = this.#endOf(options);
  }

  /** Keeps a job for the time when the active one has finished, and the place until then. */
  keep(id: string, next: StoredJob): void {
    this.#kept.set(id, next);
    this.#placeOf(id)!.until = undefined;
  }

  /** A job has finished. Answers the one that follows it: of a place that was freed, too, but not of another's. */
  finished({ id, deduplicationId }: StoredJob): StoredJob | undefined {
    if (deduplicationId === undefined) return undefined;
    const place = this.#placeOf(deduplicationId);
    if (place && place.jobId !== id) return undefined;
    if (place?.until === undefined) this.#places.delete(deduplicationId);
    const next = this.#kept.get(deduplicationId);
    this.#kept.delete(deduplicationId);
    return next;
  }

  /** A job is removed, and with it what was to follow it. */
  removed({ id, deduplicationId }: StoredJob): void {
    if (deduplicationId === undefined || (this.holder(deduplicationId) ?? id) !== id) return;
    this.#places.delete(deduplicationId);
    this.#kept.delete(deduplicationId);
  }

  /** Frees a place, if this job, or any, holds it; answers whether it did. */
  free(id: string, jobId?: string): boolean {
    const place = this.#placeOf(id);
    if (!place || (jobId ?? place.jobId) !== place.jobId) return false;
    return this.#places.delete(id);
  }

  clear(): void {
    this.#places.clear();
    this.#kept.clear();
  }

  #placeOf(id: string): Place | undefined {
    const place = this.#places.get(id);
    if (place?.until === undefined || place.until > this.#clock.now()) return place;
    this.#places.delete(id);
    return undefined;
  }

  #endOf({ ttl, keepLastIfActive }: Omit<Deduplication, 'id'>): number | undefined {
    return ttl && !keepLastIfActive ? this.#clock.now() + ttl : undefined;
  }
}
