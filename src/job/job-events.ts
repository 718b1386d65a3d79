import { Observable } from 'rxjs';
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
 * comes between the subscription and the reading of the record is held back, and then judged by its number.
 */
export function followJob(engine: Engine, queue: string, id: string): Observable<Followed> {
  return new Observable((subscriber) => {
    let record: JobRecord | undefined;
    let early: EngineEvent[] | undefined = [];
    const pass = (event: EngineEvent): void => {
      subscriber.next({ record, event });
      if (event.type === 'completed' || event.type === 'failed') subscriber.complete();
    };
    subscriber.add(engine.events(queue, (event) => (early ? void early.push(event) : pass(event)), id));
    whenReady(
      () => engine.get(queue, id),
      (found) => {
        record = found;
        subscriber.next({ record });
        const isSettled = found?.state === 'completed' || found?.state === 'failed';
        const news = (early ?? []).filter((event) => event.id > (found?.eventId ?? -1));
        early = undefined;
        news.forEach(pass);
        if (isSettled || (!found && news.length === 0)) subscriber.complete();
      },
      (error) => subscriber.error(error),
    );
  });
}
