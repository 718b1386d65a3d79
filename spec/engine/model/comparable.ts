import { isDeepStrictEqual } from 'node:util';
import type { Claimed, Recovery } from '../../../src/engine/engine.js';
import type { ChildRecord, JobRecord, JobState, Lease } from '../../../src/engine/records.js';
import { withLeases, type Call, type Outcome } from './call.js';
import { unordered } from './model-job.js';
import type { SeenJob } from './picture.js';

/** How time passes for an engine: in steps of `unit` milliseconds. */
export interface Pace {
  readonly unit: number;
  /** When it runs on by itself, what lasts some units ends half a unit earlier, so that no decision is near a step. */
  readonly clock: 'stands' | 'runs';
  /** Whether jobs that finish in the same millisecond are listed in any order. Default false. */
  readonly anyOrder?: boolean;
}

/** Makes what comes of the engine and of the model comparable: a clock that runs is read by its steps. */
export class Comparable {
  readonly #pace: Pace;
  readonly #start: number;

  constructor(pace: Pace, start: number) {
    this.#pace = pace;
    this.#start = start;
  }

  /** Whether the port promises an order of the jobs in a state. */
  isOrdered(state: JobState): boolean {
    return !unordered.has(state) && !(this.#pace.anyOrder && (state === 'completed' || state === 'failed'));
  }

  /** An outcome but for what may differ: tokens, the numbers of events, the order of what was recovered. */
  outcome({ method, args }: Call, outcome: Outcome, ofModel: (lease: Lease) => Lease): unknown {
    if ('refused' in outcome) return outcome;
    const { answer } = outcome;
    if (method === 'claim')
      return (answer as Claimed[]).map(({ job, lease: { queue, jobId } }) => [queue, jobId, this.#record(job)]);
    if (method === 'renew') return withLeases(answer as Lease[], ofModel);
    if (method === 'list') {
      const jobs = answer as JobRecord[];
      const inOrder = this.isOrdered(args[1]) ? jobs : jobs.toSorted((a, b) => (a.id < b.id ? -1 : 1));
      return inOrder.map((job) => this.#record(job));
    }
    if (method === 'recoverStalled')
      return [...(answer as Recovery).recovered].sort((a, b) => (a.jobId < b.jobId ? -1 : 1));
    return answer;
  }

  /** What may change of a job. */
  job(job: JobRecord, children: readonly ChildRecord[] = [], logs: readonly string[] = []): SeenJob {
    const { checkpoint } = job;
    return {
      state: job.state,
      data: job.data,
      due: this.#time(job.due),
      delay: this.#span(job.delay),
      priority: job.priority,
      seq: job.seq,
      attemptsMade: job.attemptsMade,
      attemptsStarted: job.attemptsStarted,
      stalledCounter: job.stalledCounter,
      processedOn: this.#time(job.processedOn),
      finishedOn: this.#time(job.finishedOn),
      progress: job.progress,
      returnvalue: job.returnvalue,
      failedReason: job.failedReason,
      failedCode: job.failedCode,
      stacktrace: job.stacktrace,
      processedBy: job.processedBy,
      deferredFailure: job.deferredFailure,
      deduplicationId: job.deduplicationId,
      scheduler: job.scheduler,
      returned: job.returned,
      checkpoint: checkpoint && { ...checkpoint, fields: Object.fromEntries(checkpoint.fields) },
      children,
      logs,
    };
  }

  #record(job: JobRecord): unknown {
    return { ...job, ...this.job(job), eventId: undefined };
  }

  #span(ms: number): number {
    const { unit, clock } = this.#pace;
    return clock === 'runs' ? Math.floor(ms / unit) : ms;
  }

  #time(ms: number | undefined): number | undefined {
    const { unit, clock } = this.#pace;
    return clock === 'runs' && ms !== undefined ? Math.floor((ms - this.#start) / unit) : ms;
  }
}

/** @throws Error that shows the difference */
export function assertSame(what: string, seen: unknown, expected: unknown): void {
  // the first is fast; only the second knows that the order of keys is no difference
  if (JSON.stringify(seen) === JSON.stringify(expected) || isDeepStrictEqual(seen, expected)) return;
  throw new Error(`${what} is not the model's: ${difference(seen, expected)}`);
}

function difference(seen: unknown, expected: unknown): string {
  try {
    expect(seen).toStrictEqual(expected);
  } catch (error) {
    return (error as Error).message;
  }
  return 'they only look the same';
}
