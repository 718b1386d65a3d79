import type { Finishing } from '../engine.js';
import type { Checkpoint, JobOptions, JobRecord, NewJob } from '../records.js';
import type { Awaited, Children } from './children.js';
import type { Entry } from './heap.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** The last write to a job, for those who send it again. */
export interface LastWrite {
  readonly token: string;
  readonly seq: number;
  readonly answer: unknown;
}

/** One activation's hold on its job. */
export interface Lock {
  readonly token: string;
  until: number;
  readonly finishing: Finishing | undefined;
}

/** A job as the memory engine keeps it. */
export interface StoredJob extends Omit<Mutable<JobRecord>, 'checkpoint' | 'eventId'> {
  cursor: string | undefined;
  readonly fields: Map<string, string>;
  /** While it is active. */
  lock: Lock | undefined;
  last: LastWrite | undefined;
  /** Stalls before the last write: they count no more. */
  stallBase: number;
  /** The last write, and the attempts, when the store failed it. */
  failed: { readonly seq: number; readonly attemptsMade: number } | undefined;
  /** Its entry among the ready or the delayed jobs. */
  entry: Entry<StoredJob> | undefined;
  children: Children | undefined;
  readonly hasChildren: boolean;
  readonly logs: string[];
  /** In `waiting-children`. */
  awaited: Awaited | undefined;
  /** When it was parked last. */
  parkedOn: number | undefined;
}

/** Copies what whoever adds the job might change later, as a store elsewhere would. Without an id it gets one when it is added. */
export function newStoredJob(job: NewJob): StoredJob {
  return {
    id: job.id ?? job.opts.jobId ?? '',
    queue: job.queue,
    name: job.name,
    data: job.data,
    opts: copyOf(job.opts),
    timestamp: job.timestamp,
    state: 'waiting',
    due: undefined,
    delay: job.opts.delay ?? 0,
    priority: job.opts.priority ?? 0,
    seq: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    processedOn: undefined,
    finishedOn: undefined,
    progress: undefined,
    returnvalue: undefined,
    failedReason: undefined,
    failedCode: undefined,
    stacktrace: noRows,
    parent: job.parent && { ...job.parent },
    processedBy: undefined,
    deferredFailure: undefined,
    deduplicationId: job.opts.deduplication?.id,
    scheduler: undefined,
    returned: undefined,
    cursor: undefined,
    fields: new Map(),
    lock: undefined,
    last: undefined,
    stallBase: 0,
    failed: undefined,
    entry: undefined,
    children: undefined,
    hasChildren: job.hasChildren ?? false,
    logs: [],
    awaited: undefined,
    parkedOn: undefined,
  };
}

export function copyOf(opts: JobOptions): JobOptions {
  return Object.freeze(JSON.parse(JSON.stringify(opts)) as JobOptions);
}

const noRows: readonly string[] = [];

/** A copy that later transitions don't change. */
export function recordOf(job: StoredJob, eventId: number): JobRecord {
  return {
    id: job.id,
    queue: job.queue,
    name: job.name,
    data: job.data,
    opts: job.opts,
    timestamp: job.timestamp,
    state: job.state,
    due: job.due,
    delay: job.delay,
    priority: job.priority,
    seq: job.seq,
    attemptsMade: job.attemptsMade,
    attemptsStarted: job.attemptsStarted,
    stalledCounter: job.stalledCounter,
    processedOn: job.processedOn,
    finishedOn: job.finishedOn,
    progress: job.progress,
    returnvalue: job.returnvalue,
    failedReason: job.failedReason,
    failedCode: job.failedCode,
    stacktrace: job.stacktrace,
    parent: job.parent,
    processedBy: job.processedBy,
    deferredFailure: job.deferredFailure,
    deduplicationId: job.deduplicationId,
    scheduler: job.scheduler,
    returned: job.returned,
    checkpoint: checkpointOf(job),
    eventId,
  };
}

function checkpointOf({ cursor, seq, fields, failed }: StoredJob): Checkpoint | undefined {
  if (cursor === undefined) return undefined;
  const written = { seq, cursor, fields: new Map(fields) };
  return failed?.seq === seq ? { ...written, attemptBase: failed.attemptsMade } : written;
}
