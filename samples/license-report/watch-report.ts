import {
  EMPTY,
  filter,
  finalize,
  fromEvent,
  map,
  merge,
  scan,
  share,
  switchMap,
  tap,
  timer,
  withLatestFrom,
  type Observable,
  type Subscription,
} from 'rxjs';
import type { Job, JobEvent, JobProgress, Worker } from 'stepstream';
import type { Cursor } from './report-processor.js';
import { size } from './report-text.js';
import type { Screen } from './screen.js';
import type { Summary } from './summary.js';
import type { ReportFile } from './write-report.js';

interface Line {
  readonly kind: string;
  readonly text: string;
}

interface Bar {
  readonly part: number;
  readonly text: string;
}

/** A line for each checkpoint of the report and each move between states; a bar for what goes on meanwhile. */
export function watchReport(report: Job, packages: Worker, screen: Screen): Subscription {
  const event$ = report.events$;
  const cursor$ = event$.pipe(map(cursorOf), filter(isDefined));
  const children$ = fromEvent(packages, 'completed').pipe(
    scan((done) => done + 1, 0),
    withLatestFrom(cursor$),
    map(([done, cursor]) => ({ done, all: cursor.of - cursor.absent.length })),
    share(),
  );

  const lines$: Observable<Line> = merge(
    event$.pipe(map(lineOf), filter(isDefined)),
    children$.pipe(
      filter(({ done, all }) => done % 100 === 0 || done === all),
      map(({ done, all }) => ({ kind: 'children', text: `${done} of ${all} are done` })),
    ),
  );
  const bars$: Observable<Bar> = merge(
    cursor$.pipe(map(({ next, of: all }) => ({ part: next / all, text: `${next} of ${all} packages read` }))),
    children$.pipe(map(({ done, all }) => ({ part: done / all, text: `${done} of ${all} packages inspected` }))),
    event$.pipe(switchMap((event) => (event.type === 'delayed' ? countdown(event) : EMPTY))),
  );

  return merge(
    bars$.pipe(tap(({ part, text }) => screen.bar(part, text))),
    lines$.pipe(tap(({ kind, text }) => screen.line(kind, text))),
  )
    .pipe(finalize(() => screen.clear()))
    .subscribe();
}

/** What a checkpoint holds, in words. */
export function checkpointText({ step, emission, bytes }: JobProgress): string {
  if (emission === undefined) return `${step}: ${size(bytes)}`; // watchers of a large one get its size alone
  switch (step) {
    case 'read': {
      const { next, of: all, absent } = emission as Cursor;
      return `read: ${next} of ${all} packages, ${absent.length} not installed`;
    }
    case 'inspect':
      return `inspect: the report's ${(emission as Summary).rows.length} rows`;
    default:
      return `publish: ${(emission as ReportFile).file}`;
  }
}

function lineOf(event: JobEvent): Line | undefined {
  switch (event.type) {
    case 'active':
      return { kind: 'active', text: 'a worker has taken the job' };
    case 'progress':
      return { kind: 'checkpoint', text: checkpointText(event.data) };
    case 'waiting-children':
      return { kind: 'parked', text: 'in waiting-children: the last child will wake it' };
    case 'delayed': {
      const due = new Date(event.delay).toLocaleTimeString('en-GB'); // `delay` is when it is over, as with BullMQ
      return { kind: 'parked', text: `in delayed: the job sleeps in the store until ${due}, no worker is held` };
    }
    default:
      return undefined;
  }
}

function cursorOf(event: JobEvent): Cursor | undefined {
  const isCursor = event.type === 'progress' && event.data.step === 'read';
  return isCursor ? (event.data.emission as Cursor | undefined) : undefined;
}

function countdown({ at, delay }: Extract<JobEvent, { readonly type: 'delayed' }>): Observable<Bar> {
  return timer(0, 50).pipe(
    map(() => Math.max(delay - Date.now(), 0)),
    map((left) => ({
      part: 1 - left / (delay - at),
      text: `asleep in the store, ${(left / 1000).toFixed(1)} s to go`,
    })),
  );
}

function isDefined<T>(value: T | undefined): value is T {
  return value !== undefined;
}
