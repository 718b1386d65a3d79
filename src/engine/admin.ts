import type { Awaitable } from './awaitable.js';
import type { JobOptions, JobRecord, JobState, Payload } from './records.js';

/** At most `max` jobs in `duration` milliseconds. */
export interface RateLimit {
  readonly max: number;
  readonly duration: number;
}

export interface RetryOptions {
  /** Only when the job is in this state. Default: in either. */
  readonly state?: 'completed' | 'failed';
  /** Sets the job's `attemptsMade` back to 0. */
  readonly resetAttemptsMade?: boolean;
  /** Sets the job's `attemptsStarted` back to 0. */
  readonly resetAttemptsStarted?: boolean;
}

/** `active`: it, or a child of it, is being run; `scheduled`: it is the next one of a job scheduler. Then it stays. */
export type RemoveAnswer = 'removed' | 'missing' | 'active' | 'scheduled';

export interface QueueSettings {
  readonly paused: boolean;
  /** How many jobs of the queue may be active, on all workers together. */
  readonly concurrency: number | undefined;
  readonly rateLimit: RateLimit | undefined;
  /** About how many events are kept; of the embedded engine 0. */
  readonly maxLenEvents: number;
  /** The client that wrote it last, as BullMQ notes it. */
  readonly version: string | undefined;
}

/** Finished jobs per minute, the newest first: `data` is the part that was asked for, of `points` that there are. */
export interface Metrics {
  /** Jobs since the queue came to be. */
  readonly count: number;
  /** When the last minute was noted, in milliseconds since the epoch, and the count then. */
  readonly prevTS: number;
  readonly prevCount: number;
  readonly data: readonly number[];
  readonly points: number;
}

/** When a job scheduler adds its jobs: by a cron `pattern`, or `every` so many milliseconds. Times in milliseconds since the epoch. */
export interface Repeat {
  readonly pattern?: string;
  readonly every?: number;
  /** The pattern's time zone. */
  readonly tz?: string;
  /** How many jobs it adds at most. */
  readonly limit?: number;
  readonly startDate?: number;
  readonly endDate?: number;
  /** Milliseconds that the jobs of `every` come after its multiples. */
  readonly offset?: number;
  /** The first job is added now, whatever the pattern says. */
  readonly immediately?: boolean;
}

export interface NewScheduler {
  readonly id: string;
  readonly repeat: Repeat;
  /** What its jobs are made of. */
  readonly name: string;
  readonly data: Payload | undefined;
  readonly opts: JobOptions;
}

export interface SchedulerRecord extends NewScheduler {
  /** When its next job is due. */
  readonly next: number;
  /** Jobs that it has added. */
  readonly iterations: number;
}

/**
 * What is done to jobs and queues from outside; BullMQ's own calls do the same to the same keys. Part of the engine's port.
 * What may touch any number of jobs is done in bounded steps, which the caller repeats where a `limit` is given.
 */
export interface Administration {
  // --- a job ---

  /**
   * Puts a completed or failed job back among the waiting; answers whether it was one. A failed job continues at its
   * checkpoint, a completed one begins a new run (A2); its attempts and stalls count anew (A3), and its parent waits for it again.
   */
  retry(queue: string, id: string, options?: RetryOptions): Awaitable<boolean>;

  /** Lets a delayed job run now; answers whether it was one. */
  promote(queue: string, id: string): Awaitable<boolean>;

  /** Moves a delayed job's due time; answers whether it was one. */
  changeDelay(queue: string, id: string, due: number): Awaitable<boolean>;

  /** The job's priority from now on; one that is ready changes its place: among its likes it comes first with `lifo`, else last. Answers whether it exists. */
  changePriority(queue: string, id: string, priority: number, lifo: boolean): Awaitable<boolean>;

  /**
   * Replaces the job's data, never its checkpoint; seen from the next activation on (A4). Answers whether it exists.
   *
   * @param token of the activation that writes: its stalls count anew, as after a checkpoint. Refused while another holds the
   *   job. @throws LeaseLostError
   */
  updateData(queue: string, id: string, data: Payload | undefined, token?: string): Awaitable<boolean>;

  /** Replaces the job's progress and tells the watchers; else as {@link updateData}. */
  updateProgress(queue: string, id: string, progress: Payload, token?: string): Awaitable<boolean>;

  /**
   * Fails a job that hasn't finished with `JobCancelledError`, and its unfinished children too; answers whether it did.
   * It counts as a write of its checkpoint. An activation that holds it is refused its next write or renewal; against
   * completion, the first write wins (W5).
   */
  cancel(queue: string, id: string, reason: string): Awaitable<boolean>;

  /**
   * Removes a job that isn't active, with its unfinished children, and tells its parent that it is gone. Without
   * `withChildren` they stay, as jobs of their own.
   */
  remove(queue: string, id: string, withChildren?: boolean): Awaitable<RemoveAnswer>;

  /** Removes the job's children that are neither finished nor active; wakes it if it waits for no others. */
  removeUnprocessedChildren(queue: string, id: string): Awaitable<void>;

  /** Makes the job a child of its parent no more; answers whether it was pending for one. */
  removeChildDependency(queue: string, id: string): Awaitable<boolean>;

  /** Removes the rows of the job's log but for the last `keep`. */
  clearLogs(queue: string, id: string, keep: number): Awaitable<void>;

  // --- a queue ---

  /** Stops claims from finding jobs; active ones go on. */
  pause(queue: string): Awaitable<void>;
  resume(queue: string): Awaitable<void>;

  /** The names of all queues that have jobs, in alphabetical order; of some that had, too. */
  queues(): Awaitable<readonly string[]>;

  /** Number of jobs in each state. */
  counts(queue: string): Awaitable<Readonly<Record<JobState, number>>>;

  /** Number of waiting jobs of each of these priorities (0: of none). */
  countsPerPriority(queue: string, priorities: readonly number[]): Awaitable<readonly number[]>;

  /**
   * Jobs in a state: those that run next first; finished ones from the newest. `end` is included; -1 means the last. With
   * `reversed`, all of it from the other end.
   */
  list(
    queue: string,
    state: JobState,
    start?: number,
    end?: number,
    reversed?: boolean,
  ): Awaitable<readonly JobRecord[]>;

  /**
   * Removes up to `limit` jobs of the state that came to it, or were added, more than `age` milliseconds ago, and tells their
   * parents; answers their ids. Of finished ones the oldest go first, of others those that run next. One that somebody holds
   * stays, so does the next one of a scheduler.
   */
  clean(queue: string, state: JobState, age: number, limit: number): Awaitable<readonly string[]>;

  /** Removes the jobs that wait, but for the next ones of schedulers; with `delayed` those that are delayed, too. */
  drain(queue: string, delayed: boolean): Awaitable<void>;

  /** Removes the queue and all of its jobs, active ones only with `force`. A queue that isn't paused stays as it is. */
  obliterate(queue: string, force: boolean): Awaitable<'obliterated' | 'not-paused' | 'active'>;

  /** {@link retry} of up to `limit` jobs that finished up to then; answers how many. */
  retryAll(queue: string, state: 'completed' | 'failed', until: number, limit: number): Awaitable<number>;

  /** {@link promote} of up to `limit` jobs; answers how many. */
  promoteAll(queue: string, limit: number): Awaitable<number>;

  settings(queue: string): Awaitable<QueueSettings>;
  /** How many jobs of the queue may be active, on all workers together; `undefined`: any number. */
  setConcurrency(queue: string, concurrency: number | undefined): Awaitable<void>;
  /** How many jobs of the queue may be taken in a time, on all workers together; `undefined`: any number. */
  setRateLimit(queue: string, rateLimit: RateLimit | undefined): Awaitable<void>;
  /** No job of the queue is taken for so many milliseconds. */
  rateLimit(queue: string, ms: number): Awaitable<void>;
  /**
   * Milliseconds until jobs are taken again, 0: they are.
   *
   * @param max the limit to hold it against; default: the queue's own; with neither, what is left of a time in which jobs are counted
   */
  rateLimitTtl(queue: string, max?: number): Awaitable<number>;
  /** Jobs are taken again now; answers whether there was a limit in force. */
  removeRateLimit(queue: string): Awaitable<boolean>;

  metrics(queue: string, type: 'completed' | 'failed', start: number, end: number): Awaitable<Metrics>;

  /** What the store knows of those that work on the queue, or that hear its events; BullMQ's names of the fields. */
  clients(queue: string, kind: 'workers' | 'events'): Awaitable<readonly Readonly<Record<string, string>>[]>;

  /** What the store tells of itself: the text of Redis' INFO; `undefined`: it is no server, and has nothing to tell. */
  info(): Awaitable<string | undefined>;

  /** The job that holds the place of a deduplication. */
  deduplicationJob(queue: string, deduplicationId: string): Awaitable<string | undefined>;
  /** Frees the place of a deduplication, if this job, or any, holds it; answers whether it did. */
  removeDeduplication(queue: string, deduplicationId: string, jobId?: string): Awaitable<boolean>;

  /** Keeps about so many events; answers how many were removed. */
  trimEvents(queue: string, length: number): Awaitable<number>;

  // --- job schedulers ---

  /**
   * Sets up a job scheduler, or changes it, and adds its next job in place of the one that it had; answers that one's id. When
   * one of its jobs is claimed, the next is added. Times of which there is a job already, of an earlier scheduler, are passed
   * over. `undefined`: it would never add one, and nothing was done.
   *
   * @throws JobStateError when there are jobs of too many of them: nothing was done
   */
  upsertScheduler(queue: string, scheduler: NewScheduler): Awaitable<string | undefined>;
  scheduler(queue: string, id: string): Awaitable<SchedulerRecord | undefined>;
  /** Those that are due next first, unless `ascending` is false; `end` is included; -1 means the last. */
  schedulers(queue: string, start: number, end: number, ascending: boolean): Awaitable<readonly SchedulerRecord[]>;
  schedulerCount(queue: string): Awaitable<number>;
  /** Removes it, and its next job; answers whether it was there. */
  removeScheduler(queue: string, id: string): Awaitable<boolean>;
}
