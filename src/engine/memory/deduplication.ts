import type { Clock } from '../clock.js';
import type { Deduplication } from '../records.js';
import type { StoredJob } from './stored-job.js';

/** What one job holds, so that no other of the same deduplication id is added. */
interface Place {
  jobId: string;
  /** When it is freed; `undefined`: when its job has finished. */
  until: number | undefined;
  /** The last that was turned away while the job was active: it is added when that has finished. */
  next: StoredJob | undefined;
}

/** The places of one queue's deduplications. */
export class Deduplications {
  readonly #clock: Clock;
  readonly #places = new Map<string, Place>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** The id of the job that holds the place. */
  holder(id: string): string | undefined {
    return this.#placeOf(id)?.jobId;
  }

  hold({ id, ...options }: Deduplication, jobId: string): void {
    this.#places.set(id, { jobId, until: this.#endOf(options), next: undefined });
  }

  /** A job that takes the place of one that is gone; the time that is left stays unless it is to be extended. */
  replace(options: Deduplication, jobId: string): void {
    const until = this.#placeOf(options.id)?.until;
    this.hold(options, jobId);
    if (options.ttl && !options.extend && !options.keepLastIfActive) this.#placeOf(options.id)!.until = until;
  }

  /** A job is turned away: the time begins anew if it is to. */
  extend({ id, ...options }: Deduplication): void {
    if (options.extend && options.ttl) this.#placeOf(id)!.until = this.#endOf(options);
  }

  /** Keeps a job for the time when the active one has finished, and the place until then. */
  keep(id: string, next: StoredJob): void {
    const place = this.#placeOf(id)!;
    place.next = next;
    place.until = undefined;
  }

  /** A job has finished. Answers the one that follows it. */
  finished({ id, deduplicationId }: StoredJob): StoredJob | undefined {
    const place = deduplicationId === undefined ? undefined : this.#placeOf(deduplicationId);
    if (place?.jobId !== id || place.until !== undefined) return undefined;
    this.#places.delete(deduplicationId!);
    return place.next;
  }

  /** Frees a place, if this job, or any, holds it; answers whether it did. */
  free(id: string, jobId?: string): boolean {
    const place = this.#placeOf(id);
    if (!place || (jobId ?? place.jobId) !== place.jobId) return false;
    return this.#places.delete(id);
  }

  clear(): void {
    this.#places.clear();
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
