import type { Observable } from 'rxjs';
import type { Job } from '../job/job.js';

/**
 * What a worker does with a job. A promise's value is the job's result. Each emission of an Observable, or of an async
 * iterable, is saved as the job's progress, the last one is its result; it is unsubscribed when the job is cancelled, times out
 * or is lost.
 *
 * @param token for `job.moveToDelayed` and `job.moveToWaitingChildren`
 * @param signal aborted when the function is to stop
 */
export type WorkerFunction<Data = any, Result = any, Name extends string = string> = (
  job: Job<Data, Result, Name>,
  token: string,
  signal: AbortSignal,
) => Promise<Result> | Observable<Result> | AsyncIterable<Result> | Promise<Observable<Result>>;
