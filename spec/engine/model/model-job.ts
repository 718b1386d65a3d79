import type { Waiting } from '../../../src/engine/engine.js';
import type { ChildRecord, Failure, JobRecord, JobState, NewJob, ParentLink } from '../../../src/engine/records.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A job as the model keeps it. */
export interface ModelJob extends Mutable<Omit<JobRecord, 'checkpoint' | 'eventId'>> {
  /** Its place among the jobs of the same state, until priority or due time say otherwise. */
  turn: number;
  cursor: string | undefined;
  readonly fields: Map<string, string>;
  lease: { readonly token: string; until: number } | undefined;
  last: { readonly token: string; readonly seq: number; readonly answer: unknown } | undefined;
  /** Since the last write. */
  stalls: number;
  /** The attempts when the store failed it, since the last write. */
  attemptBase: number | undefined;
  awaits: Waiting | undefined;
  kinship: Kinship | undefined;
  children: Kinship[];
  readonly logs: string[];
}

/** What a parent knows of a child. */
export interface Kinship {
  readonly parent: ModelJob;
  readonly child: ModelJob;
  readonly link: ParentLink;
  /** `removed`: before it had finished. */
  status: ChildRecord['status'] | 'removed';
  value: string | undefined;
  reason: string | undefined;
}

export const states = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'waiting-children',
  'completed',
  'failed',
] as const;

/** Of these, the port promises no order. */
export const unordered: ReadonlySet<JobState> = new Set(['active', 'waiting-children']);

export function newModelJob(id: string, job: NewJob): ModelJob {
  return {
    id,
    queue: job.queue,
    name: job.name,
    data: job.data,
    opts: job.opts,
    timestamp: job.timestamp,
    parent: job.parent,
    state: 'waiting',
    turn: 0,
    due: undefined,
    delay: job.opts.delay ?? 0,
    priority: job.opts.priority ?? 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    processedOn: undefined,
    finishedOn: undefined,
    progress: undefined,
    returnvalue: undefined,
    failedReason: undefined,
    failedCode: undefined,
    stacktrace: [],
    processedBy: undefined,
    deferredFailure: undefined,
    deduplicationId: undefined,
    scheduler: undefined,
    returned: undefined,
    seq: 0,
    cursor: undefined,
    fields: new Map(),
    lease: undefined,
    last: undefined,
    stalls: 0,
    attemptBase: undefined,
    awaits: undefined,
    kinship: undefined,
    children: [],
    logs: [],
  };
}

/** The job as the port shows it. */
export function recordOf(job: ModelJob): JobRecord {
  const { seq, cursor, fields, attemptBase } = job;
  const written = { seq, cursor: cursor ?? '', fields: new Map(fields) };
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
    seq,
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
    checkpoint: cursor === undefined ? undefined : attemptBase === undefined ? written : { ...written, attemptBase },
    eventId: 0,
  };
}

export function isFinished({ state }: { readonly state: JobState }): boolean {
  return state === 'completed' || state === 'failed';
}

export function noteFailure(job: ModelJob, { reason, code, stack }: Failure): void {
  job.failedReason = reason;
  job.failedCode = code;
  if (stack !== undefined) job.stacktrace = [...job.stacktrace, stack].slice(-10);
}

/** How many children have failed that keep their parent from completing. */
export function failuresOf({ children }: ModelJob): number {
  return children.filter(({ link, status }) => link.onFailure === 'fail' && status === 'failed').length;
}

/** Whether what a parent waits for of its children has come; to wait for nothing at all is over at once. */
export function hasCome(parent: ModelJob, { groups = [], all, due }: Waiting): boolean {
  if (!all && groups.length === 0) return due === undefined;
  if (all && (!parent.children.some(isPending) || failuresOf(parent) > all.failuresSeen)) return true;
  return groups.some((name) => {
    const group = parent.children.filter(({ link }) => link.group === name);
    return !group.some(isPending) || group.some(isBroken);
  });
}

export function isPending({ status }: Kinship): boolean {
  return status === 'pending';
}

/** The child will never bring what its parent waits for. */
function isBroken({ link, status }: Kinship): boolean {
  return link.onFailure === 'continue' && (status === 'failed' || status === 'removed');
}
