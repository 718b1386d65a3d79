import type { JobRecord, Payload } from '../engine/records.js';
import { failureOf } from '../job/failure.js';

/** A job as its completion has made it, for those who listen to the worker. */
export function completedRecord(job: JobRecord, returnvalue: Payload | undefined, finishedOn: number): JobRecord {
  return { ...job, state: 'completed', attemptsMade: job.attemptsMade + 1, returnvalue, finishedOn };
}

/** A job as a failed attempt has made it. @param finishedOn `undefined` when it is tried again */
export function failedRecord(job: JobRecord, error: unknown, finishedOn: number | undefined): JobRecord {
  const { reason: failedReason, stack } = failureOf(error);
  const stacktrace = stack === undefined ? job.stacktrace : [...job.stacktrace, stack];
  return { ...job, attemptsMade: job.attemptsMade + 1, failedReason, stacktrace, finishedOn };
}
