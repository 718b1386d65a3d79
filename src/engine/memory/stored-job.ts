import type { ChildRecord, JobRecord, JobState, NewJob } from '../records.js';
import type { Entry } from './heap.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

interface Group {
  pending: number;
  /** A child failed that wakes its parent at once (`continue`). */
  broken: boolean;
}

/** A parent's view of its children. */
export class Children {
  readonly byKey = new Map<string, Mutable<ChildRecord>>();
  readonly all: Group = { pending: 0, broken: false };
  /** Failures that keep the parent from completing (`fail`). */
  failed = 0;
  readonly #groups = new Map<string, Group>();

  add(key: string, child: Mutable<ChildRecord>): void {
    this.byKey.set(key, child);
    for (const group of this.#groupsOf(child)) group.pending++;
  }

  settle(key: string, outcome: Pick<ChildRecord, 'status' | 'value' | 'reason'>): boolean {
    const child = this.byKey.get(key);
    if (child?.status !== 'pending') return false;
    Object.assign(child, outcome);
    const failed = outcome.status === 'failed';
    if (failed && child.onFailure === 'fail') this.failed++;
    for (const group of this.#groupsOf(child)) {
      group.pending--;
      group.broken ||= failed && child.onFailure === 'continue';
    }
    return true;
  }

  /** Whether a parent that waits for one of these groups (none: for all children) can go on. */
  settled(groups: readonly string[] | undefined): boolean {
    if (groups === undefined) return this.all.pending === 0;
    return groups.some((name) => {
      const group = this.#groups.get(name);
      return group === undefined || group.pending === 0 || group.broken;
    });
  }

  *#groupsOf(child: ChildRecord): Iterable<Group> {
    yield this.all;
    if (child.group === undefined) return;
    let group = this.#groups.get(child.group);
    if (!group) this.#groups.set(child.group, (group = { pending: 0, broken: false }));
    yield group;
  }
}

/** A job as the memory engine keeps it. */
export interface StoredJob extends Omit<Mutable<JobRecord>, 'checkpoint' | 'eventId'> {
  seq: number;
  cursor: string | undefined;
  readonly fields: Map<string, string>;
  lock: { readonly token: string; until: number } | undefined;
  /** The last write and its answer, for those who send it again. */
  last: { readonly token: string; readonly seq: number; readonly answer: unknown } | undefined;
  /** Stalls before the last write: they count no more. */
  stallBase: number;
  /** Its entry among the ready or the delayed jobs. */
  entry: Entry<StoredJob> | undefined;
  children: Children | undefined;
  readonly logs: string[];
  /** What it waits for in `waiting-children`; `undefined` there: all its children. */
  awaited: readonly string[] | undefined;
}

export function newStoredJob(id: string, job: NewJob, state: JobState): StoredJob {
  return {
    id,
    queue: job.queue,
    name: job.name,
    data: job.data,
    opts: job.opts,
    timestamp: job.timestamp,
    state,
    due: undefined,
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
    parent: job.parent,
    seq: 0,
    cursor: undefined,
    fields: new Map(),
    lock: undefined,
    last: undefined,
    stallBase: 0,
    entry: undefined,
    children: undefined,
    logs: [],
    awaited: undefined,
  };
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
    checkpoint: job.cursor === undefined ? undefined : { seq: job.seq, cursor: job.cursor, fields: new Map(job.fields) },
    eventId,
  };
}
