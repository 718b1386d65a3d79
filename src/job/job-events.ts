import { Observable } from 'rxjs';
import type { Closing } from './closing.js';
import { whenReady } from '../engine/awaitable.js';
import type { Engine } from '../engine/engine.js';
import type { EngineEvent, JobRecord } from '../engine/records.js';

/** What happened to a job: BullMQ's event types. */
export type RawJobEvent = EngineEvent extends infer E
  ? E extends EngineEvent
    ? Omit<E, 'id' | 'jobId'>
    : never
  : never;

/** The job as it stands, then every event of it from then on, none missed and none doubled; completes when it settles. */
export interface Followed {
  readonly record: JobRecord | undefined;
  readonly event?: EngineEvent;
}

/**
 * Follows a job. The first emission has its record (`undefined`: it isn't in the store), later ones an event each. What
 * comes before the record has been read is held back; an event that the record knows already is dropped by its number,
 * whenever it comes. Completes also when the app is closed.
 */
export function followJob(engine: Engine, queue: string, id: string, closing?: Closing): Observable<Followed> {
  return new Observable((subscriber) => {
    // what has happened by now is told first
    const stop = (): void => void engine.clock.after(0, () => subscriber.complete());
    subscriber.add(closing?.onClose(stop));
    let record: JobRecord | undefined;
    let early: EngineEvent[] | undefined = [];
    const pass = (event: EngineEvent): void => {
      if (event.id <= (record?.eventId ?? -1)) return;
      subscriber.next({ record, event });
      if (ends.has(event.type)) subscriber.complete();
    };
    subscriber.add(engine.events(queue, (event) => (early ? void early.push(event) : pass(event)), id));
    whenReady(
      () => engine.get(queue, id),
      (found) => {
        record = found;
        subscriber.next({ record });
        const news = early ?? [];
        early = undefined;
        // what comes after the end, such as its removal, is no news of it
        if (!ends.has(found?.state ?? '')) news.forEach(pass);
        if (!found || ends.has(found.state) || closing?.closed) subscriber.complete();
      },
      (error) => subscriber.error(error),
    );
  });
}

/** Events, and states, after which nothing follows. */
const ends: ReadonlySet<string> = new Set(['completed', 'failed', 'removed']);
