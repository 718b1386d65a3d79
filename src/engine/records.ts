/** Text that the codec made of a user's value; engines store it and never look inside. `undefined` is absence. */
export type Payload = string;

export type JobState = 'waiting' | 'prioritized' | 'delayed' | 'active' | 'waiting-children' | 'completed' | 'failed';

/** Wait between two attempts. A number is a fixed delay in milliseconds; `exponential` doubles: 2^(n-1) × delay. */
export type Backoff =
  number | { readonly type: 'fixed' | 'exponential'; readonly delay: number; readonly jitter?: number };

/** How many finished jobs to keep: at most `count`, none older than `age` seconds; with a count of 0 this one isn't. */
export interface KeepJobs {
  readonly age?: number;
  readonly count?: number;
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
}

/**
 * What a child's failure for good does to its parent: `fail` keeps it from completing; `continue` wakes it at once if it
 * waits for the child's group; `ignore` lets it wait for the other children. Whichever, the parent can ask for the failure.
 */
export type ChildFailurePolicy = 'fail' | 'continue' | 'ignore';

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
}

/** What is saved of a job's progress. Engines look at nothing in it but `seq`. */
export interface Checkpoint {
  /** Number of the last write; 0 after the job has completed. */
  readonly seq: number;
  readonly cursor: string;
  readonly fields: ReadonlyMap<string, string>;
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

/** BullMQ's events, as far as an engine sends them. */
export type EngineEvent = {
  /** Rises by at least 1 within a queue. */
  readonly id: number;
  readonly at: number;
  readonly jobId: string;
} & (
  | { readonly type: 'added'; readonly name: string }
  | { readonly type: 'waiting'; readonly prev?: JobState }
  | { readonly type: 'active' }
  | { readonly type: 'progress'; readonly data: Payload }
  | { readonly type: 'delayed'; readonly due: number }
  | { readonly type: 'waiting-children' }
  | { readonly type: 'stalled' }
  | { readonly type: 'duplicated' }
  | { readonly type: 'removed' }
  | { readonly type: 'completed'; readonly returnvalue: Payload | undefined }
  | { readonly type: 'failed'; readonly reason: string; readonly code: string | undefined }
);
