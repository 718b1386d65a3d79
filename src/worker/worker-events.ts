import type { Job } from '../job/job.js';

/** BullMQ's local events: what one worker does. */
export interface WorkerEvents<Data = any, Result = any, Name extends string = string> {
  active: [job: Job<Data, Result, Name>, prev: 'waiting'];
  /** A function has saved the progress of its job. */
  progress: [job: Job<Data, Result, Name>, progress: unknown];
  completed: [job: Job<Data, Result, Name>, result: Result, prev: 'active'];
  /** After every failed attempt, the last or not. Without the job when it stalled too often and is gone. */
  failed: [job: Job<Data, Result, Name> | undefined, error: Error, prev: 'active'];
  stalled: [jobId: string, prev: 'active'];
  locksRenewed: [renewed: { readonly count: number; readonly jobIds: readonly string[] }];
  lockRenewalFailed: [jobIds: readonly string[]];
  /** There is nothing left to do; told once, until there was something again. */
  drained: [];
  /** Of the store, or of a listener; without a listener it goes to the logger. */
  error: [error: Error];
  ready: [];
  paused: [];
  resumed: [];
  closing: [message: string];
  closed: [];
}
