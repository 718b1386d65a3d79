/** Text that the codec made of a user's value; engines store it and never look inside. `undefined` is absence. */
export type Payload = string;

export type JobState = 'waiting' | 'prioritized' | 'delayed' | 'active' | 'waiting-children' | 'completed' | 'failed';

/**
 * Wait between two attempts. A number is a fixed delay in milliseconds; `exponential` doubles: 2^(n-1) × delay. A type of one's
 * own is what the worker's `settings.backoffStrategy` makes of it.
 */
export type Backoff = number | BackoffOptions;

export interface BackoffOptions {
  readonly type: 'fixed' | 'exponential' | (string & {});
  /** Milliseconds. Default 0. */
  readonly delay?: number;
  /** Part of the wait that is left to chance: 0, the default, to 1. */
  readonly jitter?: number;
}

/** How many finished jobs to keep: at most `count`, none older than `age` seconds; with a count of 0 this one isn't. */
export interface KeepJobs {
  readonly age?: number;
  readonly count?: number;
  /** Removes at most so many for one job that finishes. */
  readonly limit?: number;
}

/** A job that isn't added while one of the same deduplication id holds the place; that one's id is answered instead. */
export interface Deduplication {
  readonly id: string;
  /** Milliseconds that the place is held. Default: until its job has finished. */
  readonly ttl?: number;
  /** Each job that is turned away begins the `ttl` anew. */
  readonly extend?: boolean;
  /** While the job that holds the place is delayed, the new one takes its place. */
  readonly replace?: boolean;
  /** While the job that holds the place is delayed, its delay begins anew, as the new one's. */
  readonly reschedule?: boolean;
  /** While the job that holds the place is active, the last of those turned away is kept, and added when that has finished. */
  readonly keepLastIfActive?: boolean;
}

/** The job that a job is added to as a child. */
export interface ParentOptions {
  readonly id: string;
  /** Its queue's qualified name, `<prefix>:<name>`: `job.queueQualifiedName`. */
  readonly queue: string;
  /** A name of one's own for some of the children: the parent can wait for these alone. */
  readonly group?: string;
}

/** The trace that a job was added in; written by the telemetry of who adds it, unless it stands there already. */
export interface JobTelemetry {
  /** Names the span, as the telemetry of both sides understands it. */
  readonly metadata?: string;
  /** The job brings no trace along. */
  readonly omitContext?: boolean;
}

/** Options of one job; names and defaults are BullMQ's. */
export interface JobOptions {
  /** Milliseconds before the job may first run. Default 0. */
  readonly delay?: number;
  /** 1 (first) to 2097151 (last); 0, the default, goes before all of them, in order of arrival. */
  readonly priority?: number;
  /** Run before the jobs that already wait. Default false. */
  readonly lifo?: boolean;
  /** Tries per step visit, unless the step says otherwise. Default 1. */
  readonly attempts?: number;
  /** Wait between two tries. Default none. */
  readonly backoff?: Backoff;
  /** An id of one's own; adding it again adds nothing. Default: the next number. */
  readonly jobId?: string;
  /** When the job came to be, in milliseconds since the epoch. Default now. */
  readonly timestamp?: number;
  /** `true`: don't keep the finished job; a number: keep that many. Default: keep all. */
  readonly removeOnComplete?: boolean | number | KeepJobs;
  readonly removeOnFail?: boolean | number | KeepJobs;
  readonly deduplication?: Deduplication;
  /** Adds the job as a child of one that exists. */
  readonly parent?: ParentOptions;
  /** When this job fails for good, its parent does, too. Of the four at most one; with none the parent waits until it is retried or removed. */
  readonly failParentOnFailure?: boolean;
  /** When this job fails for good, its parent goes on at once, whatever other children are pending, unless its function waits for all. */
  readonly continueParentOnFailure?: boolean;
  /** When this job fails for good, its parent goes on as if it had completed; the parent can ask for the failure. */
  readonly ignoreDependencyOnFailure?: boolean;
  /** When this job fails for good, it is no child of its parent any more. */
  readonly removeDependencyOnFailure?: boolean;
  /** Rows of the job's log that are kept: the last ones. Default all. */
  readonly keepLogs?: number;
  /** Stacks of failed attempts that are kept: the last ones. Default 10. */
  readonly stackTraceLimit?: number;
  /** Bytes that the job's data may have, as it is stored. Default 1 MiB, which is also the most. */
  readonly sizeLimit?: number;
  readonly telemetry?: JobTelemetry;
}

/**
 * What a child's failure for good does to its parent: `fail` keeps it from completing; `continue` wakes it at once if it
 * waits for the child's group; `ignore` lets it wait for the other children. Whichever of these, the parent can ask for the
 * failure. With `remove` it is as if the child had been removed; with `wait` it stays pending, until it is retried or removed.
 */
export type ChildFailurePolicy = 'fail' | 'continue' | 'ignore' | 'remove' | 'wait';

export interface ParentLink {
  readonly queue: string;
  readonly id: string;
  /** The children of one gate; a parent can wait for one group alone. */
  readonly group?: string;
  readonly onFailure: ChildFailurePolicy;
}

/** A job to be added. */
export interface NewJob {
  readonly queue: string;
  readonly name: string;
  readonly data: Payload | undefined;
  readonly opts: JobOptions;
  /** When it came to be, in milliseconds since the epoch. */
  readonly timestamp: number;
  readonly parent?: ParentLink;
  /** The id that it gets; default `opts.jobId`, else the queue's next number. */
  readonly id?: string;
  /** It is added with children, which follow in the list: it first waits for all of them, as if it had been parked. */
  readonly hasChildren?: boolean;
}

/** What is saved of a job's progress. Engines look at nothing in it but `seq`. */
export interface Checkpoint {
  /** Number of the last write; 0 after the job has completed. */
  readonly seq: number;
  readonly cursor: string;
  readonly fields: ReadonlyMap<string, string>;
  /** The job's attempts when, after the last write, the store failed it: a retry by hand begins anew from there (A3). */
  readonly attemptBase?: number;
}

/** A job as it stood at one moment. */
export interface JobRecord {
  readonly id: string;
  readonly queue: string;
  readonly name: string;
  readonly data: Payload | undefined;
  readonly opts: JobOptions;
  readonly timestamp: number;
  readonly state: JobState;
  /** When a delayed job is due, in milliseconds of the engine's clock. */
  readonly due: number | undefined;
  /** As they are now: a change of its delay or priority counts. */
  readonly delay: number;
  readonly priority: number;
  /** Number of the last write under a lease; 0: there was none since it was added or has completed. */
  readonly seq: number;
  readonly attemptsMade: number;
  readonly attemptsStarted: number;
  readonly stalledCounter: number;
  readonly processedOn: number | undefined;
  readonly finishedOn: number | undefined;
  readonly progress: Payload | undefined;
  readonly returnvalue: Payload | undefined;
  readonly failedReason: string | undefined;
  readonly failedCode: string | undefined;
  readonly stacktrace: readonly string[];
  readonly parent: ParentLink | undefined;
  /** The name of the worker that took it last. */
  readonly processedBy: string | undefined;
  /** Why it fails when it is next taken: a child of it has failed. */
  readonly deferredFailure: string | undefined;
  readonly deduplicationId: string | undefined;
  /** The job scheduler that it comes of. */
  readonly scheduler: string | undefined;
  /** It was to be completed with this result, and waits, or has waited, for its children; gone when it has completed. */
  readonly returned: { readonly result: Payload | undefined } | undefined;
  readonly checkpoint: Checkpoint | undefined;
  /** Number of the queue's last event when the record was read: what comes later is news. */
  readonly eventId: number;
}

/** A worker's right to one activation of a job. */
export interface Lease {
  readonly queue: string;
  readonly jobId: string;
  /** New for each activation. */
  readonly token: string;
}

/** What a write changes of a job's progress; nothing else of the job is touched. */
export interface Write {
  /** The stored number plus 1. The same number under the same lease again is a resend, and gets the first answer. */
  readonly seq: number;
  /** Comes with a job's first write; the job has no checkpoint without one. */
  readonly cursor?: string;
  /** Fields to set; `null` removes one. */
  readonly fields?: ReadonlyMap<string, string | null>;
  /** Replaces the job's progress and tells the watchers. */
  readonly progress?: Payload;
  /** Added with the write, as children of the job or (without `parent`) on their own; as with `add`, once. */
  readonly children?: readonly NewJob[];
}

export interface Failure {
  readonly reason: string;
  readonly code: string | undefined;
  readonly stack: string | undefined;
}

/** Where one child stands. A child that was removed unfinished isn't listed. */
export interface ChildRecord {
  readonly queue: string;
  readonly id: string;
  readonly group: string | undefined;
  readonly onFailure: ChildFailurePolicy;
  readonly status: 'pending' | 'completed' | 'failed';
  readonly value: Payload | undefined;
  readonly reason: string | undefined;
}

/** BullMQ's events. */
export type EngineEvent = {
  /** Rises by at least 1 within a queue. */
  readonly id: number;
  /** The event's id in the store's own terms: `events` can begin after it. */
  readonly entry: string;
  readonly at: number;
  /** Empty for an event of the queue. */
  readonly jobId: string;
  /** The state that the job was in before. */
  readonly prev?: JobState;
} & (
  | { readonly type: 'added'; readonly name: string }
  | { readonly type: 'waiting' | 'active' | 'waiting-children' | 'stalled' | 'duplicated' | 'removed' }
  | { readonly type: 'progress'; readonly data: Payload }
  | { readonly type: 'delayed'; readonly due: number }
  | { readonly type: 'completed'; readonly returnvalue: Payload | undefined }
  | { readonly type: 'failed'; readonly reason: string; readonly code: string | undefined }
  | { readonly type: 'retries-exhausted'; readonly attemptsMade: number }
  /** The job that holds the place, and the id that the one which was turned away would have had. */
  | { readonly type: 'deduplicated'; readonly deduplicationId: string; readonly deduplicatedJobId: string }
  | { readonly type: 'paused' | 'resumed' | 'drained' }
  | { readonly type: 'cleaned'; readonly count: number }
);
