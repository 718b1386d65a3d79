import type { Administration, RateLimit } from './admin.js';
import type { Awaitable } from './awaitable.js';
import type { Clock } from './clock.js';
import type {
  ChildRecord,
  EngineEvent,
  Failure,
  JobRecord,
  KeepJobs,
  Lease,
  NewJob,
  Payload,
  Write,
} from './records.js';

/** Ends a subscription; calling it twice does nothing. */
export type Unsubscribe = () => void;

export interface ClaimOptions {
  /** At most this many jobs. */
  readonly limit: number;
  /** Milliseconds that the leases last unless renewed. */
  readonly lockDuration: number;
  /** The worker's name, noted with the jobs. */
  readonly worker?: string;
  /** How many jobs of the queue may be taken in a time, by all workers; the queue's own limit goes before it. */
  readonly limiter?: RateLimit;
  /** What is done with the jobs when they finish. */
  readonly finishing?: Finishing;
}

/** The worker's wishes for the jobs that finish on it. */
export interface Finishing {
  /** For jobs that have no such option of their own. */
  readonly removeOnComplete?: KeepJobs;
  readonly removeOnFail?: KeepJobs;
  /** Counts finished jobs per minute, and keeps so many minutes. */
  readonly metrics?: number;
}

export interface Claimed {
  readonly job: JobRecord;
  readonly lease: Lease;
}

export interface Logs {
  readonly logs: readonly string[];
  readonly count: number;
}

/** What a parked parent waits for: whichever comes first wakes it. With none of the three there is nothing to wait for. */
export interface Waiting {
  /** One of these groups of children is settled: it has none pending, or one that failed with `continue`. */
  readonly groups?: readonly string[];
  /** No child of the job is pending, or more than so many have failed with `fail`. */
  readonly all?: { readonly failuresSeen: number };
  /** It is this time of the engine's clock. */
  readonly due?: number;
}

/** How an engine is connected to where it keeps jobs, as it knows without asking. Times in milliseconds of its clock. */
export interface EngineStatus {
  readonly engine: 'memory' | 'redis' | (string & {});
  /** The server as it called itself when it was last connected to: `Redis 7.0.15`. */
  readonly server?: string | undefined;
  /** None: it keeps jobs in this process. */
  readonly connections: readonly ConnectionStatus[];
}

export interface ConnectionStatus {
  /** How the server knows it, in Redis' `CLIENT LIST`. */
  readonly name: string;
  /** `queue`: by it workers of one queue wait for jobs; `events`: by it those who listen hear; `calls`: the rest. */
  readonly use: 'calls' | 'queue' | 'events';
  readonly queue?: string | undefined;
  readonly up: boolean;
  /** Since when it is up, or isn't. */
  readonly since: number;
  /** Why it isn't up. */
  readonly error?: string | undefined;
}

/** `waiting-children`: children are pending, the job was parked; `failed-children`: nothing was written. */
export type CompleteAnswer = 'completed' | 'waiting-children' | 'failed-children';

export interface Recovery {
  /** `failed`: it stalled too often since its last checkpoint write. */
  readonly recovered: readonly { readonly jobId: string; readonly to: 'waiting' | 'failed' }[];
  /** Whether there may be something to recover later: a worker looks again. */
  readonly mayStall: boolean;
  /** After so many milliseconds, when the engine learns sooner of a death than leases run out. */
  readonly again?: number;
}

/**
 * The store's port: what workers need of it, and, in `admin.ts`, the rest. Internal, and so may be reshaped; one contract
 * suite (`spec/contract`) runs on every engine.
 *
 * - Each method is one atomic transition: it happens wholly or, when it throws, not at all.
 * - A method that takes a lease and a {@link Write} proves both first: `LeaseLostError` when the lease isn't the job's,
 *   has run out, or the write's number isn't the next. The same seq and token again is answered as the first time.
 * - Payloads are opaque. Time is the engine's clock's.
 * - No method calls a watcher, a listener or another call's continuation before it has returned.
 */
export interface Engine extends Administration {
  readonly clock: Clock;

  // --- produce ---

  /**
   * Adds jobs, all or none, and answers their ids in order. An id that exists is answered and left as it is: it doesn't
   * become a child of the parent that the new job names. One that is turned away by its deduplication is answered the id of
   * the job that holds the place, and is no child of its parent either. A job with `hasChildren` waits for its children; it
   * is ready at once when none of them is pending.
   *
   * @throws JobNotFoundError when a parent is neither in the store nor added before in the list
   */
  add(jobs: readonly NewJob[]): Awaitable<readonly string[]>;

  // --- consume ---

  /**
   * Takes up to `limit` jobs that are ready, each under a lease of its own; may answer none. First by priority, then those
   * at the head of the queue, then as they came. Jobs that are due join first, by their due times: those that have a
   * checkpoint at the head, the others behind those that wait.
   */
  claim(queue: string, options: ClaimOptions): Awaitable<readonly Claimed[]>;

  /** Prolongs leases to `lockDuration` from now; answers those that are lost (the others are unharmed by them). */
  renew(leases: readonly Lease[], lockDuration: number): Awaitable<readonly Lease[]>;

  /** Saves progress; the job stays active. */
  checkpoint(lease: Lease, write: Write): Awaitable<void>;

  /** Saves and parks: the job is claimable again at `due`. Ends the lease. */
  moveToDelayed(lease: Lease, write: Write, due: number): Awaitable<void>;

  /**
   * Saves and parks until what it waits for has come. Answers `false`, the write saved and the lease still held, when
   * some of its children's conditions hold already.
   */
  moveToWaitingChildren(lease: Lease, write: Write, waiting: Waiting): Awaitable<boolean>;

  /**
   * Completes the job, drops its checkpoint but for the cursor, and tells its parent. Progress that comes with it is told,
   * and the job keeps none. With children pending it saves the write and, as the record's `returned`, the result, and parks
   * instead; when more than `failuresSeen` children have failed with `fail`, it writes nothing.
   */
  complete(lease: Lease, write: Write, result: Payload | undefined, failuresSeen: number): Awaitable<CompleteAnswer>;

  /**
   * Counts an attempt and saves; with `retryAt` the job is claimable again then (at once: behind those that wait), without
   * it has failed for good.
   */
  fail(lease: Lease, write: Write, failure: Failure, retryAt?: number): Awaitable<void>;

  /** Saves and puts the job back at the head of the queue, without an attempt counted. Ends the lease. */
  release(lease: Lease, write: Write): Awaitable<void>;

  /**
   * Puts active jobs whose lease has run out back at the head of the queue, in the order in which they were taken, and
   * counts a stall for each; more than `maxStalledCount` of them since its last write fail a job.
   */
  recoverStalled(queue: string, maxStalledCount: number): Awaitable<Recovery>;

  // --- look ---

  /** The job as it stands, or `undefined`. */
  get(queue: string, id: string): Awaitable<JobRecord | undefined>;

  /** The job's children, of one group or all, in the order in which they were added. */
  children(queue: string, id: string, group?: string): Awaitable<readonly ChildRecord[]>;

  /**
   * Appends a row to the job's log, which keeps as many as `keep`, else the job's `keepLogs`, says. Answers how many there
   * are, or `undefined` when the job isn't in the store.
   *
   * @param token of the activation that writes; refused while another holds the job. @throws LeaseLostError
   */
  log(queue: string, id: string, row: string, keep?: number, token?: string): Awaitable<number | undefined>;

  /** Rows of the job's log, the oldest first unless `ascending` is false, from `start` to `end` (-1: the last); and how many there are. */
  logs(queue: string, id: string, start?: number, end?: number, ascending?: boolean): Awaitable<Logs>;

  // --- health ---

  /** Resolves when the store has answered. @throws StoreUnavailableError */
  ping(): Awaitable<void>;

  /** How it is connected. */
  status(): EngineStatus;

  // --- wake and observe ---

  /**
   * Calls `wake` when a claim on the queue may find a job; at times in vain, never too seldom. One that answers `false` has
   * no room for a job and claims again when it has: until then others are woken in its place. `gone` is called when the
   * store may take this process for dead: what it runs of the queue is about to be taken over.
   */
  watch(queue: string, wake: () => unknown, gone?: () => void): Unsubscribe;

  /**
   * Every event of the queue, or of one job of it, in order, from now on; or from after an event that was told before, by its
   * `entry`, as far as the store still has them: the embedded engine keeps none.
   */
  events(queue: string, listener: (event: EngineEvent) => void, jobId?: string, after?: string): Unsubscribe;

  /** Tells what has happened, then ends timers and connections. What is stored stays. */
  close(): Awaitable<void>;
}
