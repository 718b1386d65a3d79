import {
  ReplaySubject,
  asyncScheduler,
  combineLatest,
  concatMap,
  filter,
  finalize,
  map,
  share,
  startWith,
  throttleTime,
  type Observable,
} from 'rxjs';
import { checkpointOf, type App, type Job, type JobEvent, type JobProgress } from 'stepstream';
import type { Video } from './video-processor.js';

/** All that the page shows of a job. Each is whole: one that doesn't get through is made up for by the next. */
export interface Status {
  readonly title: string;
  readonly state: JobEvent['type'];
  /** The step that it is in, or comes to next. */
  readonly step?: string | undefined;
  /** The last saved emission. */
  readonly progress?: JobProgress | undefined;
  /** Milliseconds until one that is delayed goes on: so a watcher's clock may be wrong. */
  readonly wakesIn?: number | undefined;
  readonly result?: unknown;
  readonly reason?: string | undefined;
}

interface Reading {
  readonly event: JobEvent;
  readonly progress: JobProgress | undefined;
  readonly step: string | undefined;
}

/** The statuses of a job: as it stands, then live; complete when it settles. All who watch a job share one reading of it. */
export function statuses(app: App): (job: Job<Video>) => Observable<Status> {
  const shared = new Map<string, Observable<Reading>>();

  const read = (job: Job<Video>): Observable<Reading> => {
    const events$ = job.events$.pipe(filter(({ type }) => type !== 'progress'));
    const progress$ = job.progress$.pipe(startWith(undefined));
    return combineLatest([events$, progress$]).pipe(
      throttleTime(50, asyncScheduler, { leading: true, trailing: true }), // more than 20 a second nobody sees
      concatMap(async ([event, progress]) => {
        const found = await app.queue(job.queueName).getJob(job.id);
        return { event, progress, step: found && checkpointOf(found)?.step };
      }),
      finalize(() => shared.delete(job.id)),
      share({ connector: () => new ReplaySubject(1) }),
    );
  };

  return (job) => {
    const readings$ = shared.get(job.id) ?? read(job);
    shared.set(job.id, readings$);
    return readings$.pipe(map((reading) => statusOf(job, reading, app.engine.clock.now())));
  };
}

function statusOf({ data: { title } }: Job<Video>, { event, progress, step }: Reading, now: number): Status {
  return {
    title,
    state: event.type,
    step,
    progress,
    wakesIn: event.type === 'delayed' ? Math.max(event.delay - now, 0) : undefined,
    result: event.type === 'completed' ? event.returnvalue : undefined,
    reason: event.type === 'failed' ? event.failedReason : undefined,
  };
}
