import { checkpointOf, type Job, type JobState } from '../../index.js';
import { ifReadable } from '../payload.js';

/** A job in a list, as `--json` prints it. Times in milliseconds since the epoch. */
export interface JobSummary {
  readonly id: string;
  readonly name: string;
  readonly state: JobState | 'unknown';
  /** The step that it is in, or comes to next, and entries into steps so far. */
  readonly step?: string;
  readonly visit?: number;
  readonly progress?: unknown;
  readonly attemptsMade: number;
  readonly priority?: number;
  readonly timestamp: number;
  /** When a delayed job is due. */
  readonly due?: number;
  readonly processedOn?: number;
  readonly finishedOn?: number;
  readonly failedReason?: string;
}

export function summaryOf(job: Job, state: JobSummary['state']): JobSummary {
  const { id, name, attemptsMade, priority, timestamp, due, processedOn, finishedOn, failedReason } = job;
  const checkpoint = ifReadable(() => checkpointOf(job));
  const progress: unknown = ifReadable(() => job.progress);
  return {
    id,
    name,
    state,
    ...(checkpoint?.step !== undefined && { step: checkpoint.step, visit: checkpoint.visit }),
    ...(progress !== undefined && { progress }),
    attemptsMade,
    ...(priority > 0 && { priority }),
    timestamp,
    ...(due !== undefined && { due }),
    ...(processedOn !== undefined && { processedOn }),
    ...(finishedOn !== undefined && { finishedOn }),
    ...(failedReason !== undefined && state === 'failed' && { failedReason }),
  };
}
