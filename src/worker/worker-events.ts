import type { Job } from '../job/job.js';

/** BullMQ's local events, as far as a worker has something to tell. */
export interface WorkerEvents {
  active: [job: Job, prev: 'waiting'];
  completed: [job: Job, result: unknown, prev: 'active'];
  /** After every failed attempt, the last or not. Without the job when it stalled too often and is gone. */
  failed: [job: Job | undefined, error: Error, prev: 'active'];
  stalled: [jobId: string, prev: 'active'];
  lockRenewalFailed: [jobIds: readonly string[]];
  /** There is nothing left to do; told once, until there was something again. */
  drained: [];
  /** Of the store, or of a listener; without a listener it goes to the logger. */
  error: [error: Error];
  closing: [message: string];
  closed: [];
}
