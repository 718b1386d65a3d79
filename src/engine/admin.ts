import type { Awaitable } from './awaitable.js';
import type { JobRecord, JobState, Payload } from './records.js';

/** What is done to jobs and queues from outside; BullMQ's own calls do the same to the same keys. Part of the engine's port. */
export interface Administration {
  /**
   * Puts a completed or failed job back among the waiting; answers whether it was one. A failed job continues at its
   * checkpoint, a completed one begins a new run (A2); its attempts and stalls count anew (A3), and its parent waits for it again.
   */
  retry(queue: string, id: string): Awaitable<boolean>;

  /** Lets a delayed job run now; answers whether it was one. */
  promote(queue: string, id: string): Awaitable<boolean>;

  /** Moves a delayed job's due time; answers whether it was one. */
  changeDelay(queue: string, id: string, due: number): Awaitable<boolean>;

  /** Replaces the job's data, never its checkpoint; seen from the next activation on (A4). Answers whether it exists. */
  updateData(queue: string, id: string, data: Payload | undefined): Awaitable<boolean>;

  /**
   * Fails a job that hasn't finished with `JobCancelledError`, and its unfinished children too; answers whether it did.
   * It counts as a write of its checkpoint. An activation that holds it is refused its next write or renewal; against
   * completion, the first write wins (W5).
   */
  cancel(queue: string, id: string, reason: string): Awaitable<boolean>;

  /**
   * Removes a job that isn't active, with its unfinished children, and tells its parent that it is gone. Answers whether it
   * did: an active job, or one with an active child, stays.
   */
  remove(queue: string, id: string): Awaitable<boolean>;

  /** Stops claims from finding jobs; active ones go on. */
  pause(queue: string): Awaitable<void>;
  resume(queue: string): Awaitable<void>;

  /** Number of jobs in each state. */
  counts(queue: string): Awaitable<Readonly<Record<JobState, number>>>;

  /** Jobs in a state: those that run next first; finished ones from the newest. `end` is included; -1 means the last. */
  list(queue: string, state: JobState, start?: number, end?: number): Awaitable<readonly JobRecord[]>;

  /** Removes up to `limit` finished jobs that are older than `age` milliseconds; answers their ids. */
  clean(queue: string, state: 'completed' | 'failed', age: number, limit: number): Awaitable<readonly string[]>;
}
