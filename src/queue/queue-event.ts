import type { EngineEvent } from '../engine/records.js';
import type { JobContext } from '../job/job-context.js';

/** BullMQ's events of a queue, with what comes with each. */
export interface QueueEventArguments<Result = any, Progress = any> {
  added: { readonly jobId: string; readonly name: string };
  waiting: { readonly jobId: string; readonly prev?: string };
  active: { readonly jobId: string; readonly prev?: string };
  'waiting-children': { readonly jobId: string; readonly prev?: string };
  stalled: { readonly jobId: string };
  duplicated: { readonly jobId: string };
  removed: { readonly jobId: string; readonly prev?: string };
  /** `delay`: when it is due, in milliseconds since the epoch. */
  delayed: { readonly jobId: string; readonly delay: number };
  progress: { readonly jobId: string; readonly data: Progress };
  completed: { readonly jobId: string; readonly returnvalue: Result; readonly prev?: string };
  failed: { readonly jobId: string; readonly failedReason: string; readonly prev?: string };
  'retries-exhausted': { readonly jobId: string; readonly attemptsMade: string };
  /** The job that holds the place, and the id that the one which was turned away would have had. */
  deduplicated: { readonly jobId: string; readonly deduplicationId: string; readonly deduplicatedJobId: string };
  paused: object;
  resumed: object;
  drained: object;
  cleaned: { readonly count: string };
}

export type QueueEventName = keyof QueueEventArguments;

/** What happened in a queue; `id` is the event's, `at` in milliseconds since the epoch. */
export type QueueEvent<Result = any> = {
  [Type in QueueEventName]: {
    readonly type: Type;
    readonly id: string;
    readonly at: number;
  } & QueueEventArguments<Result>[Type];
}[QueueEventName];

/** What comes with an event. */
export function argumentsOf({ payloads }: JobContext, event: EngineEvent): QueueEventArguments[QueueEventName] {
  const { jobId, prev } = event;
  const job = { jobId, ...(prev !== undefined && { prev }) };
  switch (event.type) {
    case 'paused':
    case 'resumed':
    case 'drained':
      return {};
    case 'cleaned':
      return { count: String(event.count) };
    case 'added':
      return { jobId, name: event.name };
    case 'delayed':
      return { jobId, delay: event.due };
    case 'progress':
      return { jobId, data: payloads.progressOf(event.data) };
    case 'completed':
      return { ...job, returnvalue: payloads.decode(event.returnvalue) ?? null };
    case 'failed':
      return { ...job, failedReason: event.reason };
    case 'retries-exhausted':
      return { jobId, attemptsMade: String(event.attemptsMade) };
    case 'deduplicated': {
      const { deduplicationId, deduplicatedJobId } = event;
      return { jobId, deduplicationId, deduplicatedJobId };
    }
    default:
      return job;
  }
}
