import { Observable, filter, lastValueFrom, map, takeUntil } from 'rxjs';
import type { EngineEvent, JobRecord, Payload } from '../engine/records.js';
import {
  ClosedError,
  JobFailedError,
  JobNotFoundError,
  WaitTimeoutError,
  reviveError,
  type StepstreamError,
} from '../errors.js';
import { followJob, type Followed } from './job-events.js';
import type { JobProgress } from './job-progress.js';
import { JobView } from './job-view.js';

/** What happened to a job: BullMQ's events, with their fields; times in milliseconds since the epoch. */
export type JobEvent =
  | {
      readonly type: 'added' | 'waiting' | 'active' | 'waiting-children' | 'stalled' | 'duplicated' | 'removed';
      readonly at: number;
    }
  | { readonly type: 'delayed'; readonly at: number; readonly delay: number }
  | { readonly type: 'progress'; readonly at: number; readonly data: JobProgress }
  | { readonly type: 'completed'; readonly at: number; readonly returnvalue: unknown }
  | { readonly type: 'failed'; readonly at: number; readonly failedReason: string };

/** What can be heard of a job until it settles. */
export abstract class WatchedJob<
  Data = any,
  Result = any,
  Name extends string = string,
  Progress = any,
> extends JobView<Data, Result, Name, Progress> {
  /**
   * Every saved emission: the latest, then live. Completes when the job settles or is removed, and never errors because of it. Of a
   * job that has completed already there is none: its result says what there is to say.
   */
  get progress$(): Observable<JobProgress> {
    return this.#follow().pipe(
      map(({ record, event }) => (event ? event.type === 'progress' && event.data : record?.progress)),
      filter((progress) => typeof progress === 'string'),
      map((progress) => this.context.payloads.progressOf(progress) as JobProgress),
    );
  }

  /** What happens to the job: its state now, then live. Completes when the job settles or is removed; the last event tells how. */
  get events$(): Observable<JobEvent> {
    return this.#follow().pipe(
      map(({ record, event }) => (event ? this.#publicEvent(event) : record && this.#stateEvent(record))),
      filter((event) => event !== undefined),
    );
  }

  /**
   * The job's result, when it has completed.
   *
   * @throws the error that it failed of when that is one of Stepstream's, else JobFailedError with the reason;
   *   JobNotFoundError when it isn't in the store; ClosedError when the app is closed before the job has finished
   */
  async result(): Promise<Result> {
    return this.#resultOf(await lastValueFrom(this.#follow(), nothing));
  }

  /**
   * {@link result}, for at most `ttl` milliseconds.
   *
   * @param events needed by BullMQ only
   * @throws as {@link result}; WaitTimeoutError when the time is over
   */
  async waitUntilFinished(events?: unknown, ttl?: number): Promise<Result> {
    void events;
    if (ttl === undefined) return this.result();
    const over = new Observable((subscriber) =>
      this.context.engine.clock.after(ttl, () => {
        subscriber.error(new WaitTimeoutError(`${this.label} had not finished after ${ttl} ms`));
      }),
    );
    return this.#resultOf(await lastValueFrom(this.#follow().pipe(takeUntil(over)), nothing));
  }

  #resultOf({ record, event }: Followed): Result {
    const job = this.label;
    if (event?.type === 'completed') return this.#decode(event.returnvalue) as Result;
    if (event?.type === 'failed') throw errorOf(event.reason, event.code);
    if (!event && record?.state === 'completed') return this.#decode(record.returnvalue) as Result;
    if (!event && record?.state === 'failed') throw errorOf(record.failedReason ?? '', record.failedCode);
    if (event?.type === 'removed') throw new JobNotFoundError(`${job} was removed before it had finished`);
    if (this.context.closing?.closed) throw new ClosedError(`the app was closed before ${job} had finished`);
    throw new JobNotFoundError(`${job} is not in the store`);
  }

  #follow(): Observable<Followed> {
    const { engine, closing } = this.context;
    return followJob(engine, this.queueName, this.id, closing);
  }

  #publicEvent(event: EngineEvent): JobEvent | undefined {
    const { at } = event;
    switch (event.type) {
      case 'delayed':
        return { type: 'delayed', at, delay: event.due };
      case 'progress':
        return { type: 'progress', at, data: this.context.payloads.progressOf(event.data) as JobProgress };
      case 'completed':
        return { type: 'completed', at, returnvalue: this.#decode(event.returnvalue) };
      case 'failed':
        return { type: 'failed', at, failedReason: event.reason };
      default:
        return ofJobs.has(event.type) ? ({ type: event.type, at } as JobEvent) : undefined;
    }
  }

  #stateEvent(record: JobRecord): JobEvent {
    const at = this.context.engine.clock.now();
    switch (record.state) {
      case 'completed':
        return { type: 'completed', at: record.finishedOn ?? at, returnvalue: this.#decode(record.returnvalue) };
      case 'failed':
        return { type: 'failed', at: record.finishedOn ?? at, failedReason: record.failedReason ?? '' };
      case 'delayed':
        return { type: 'delayed', at, delay: record.due ?? at };
      case 'prioritized':
        return { type: 'waiting', at };
      default:
        return { type: record.state, at };
    }
  }

  #decode(payload: Payload | undefined): unknown {
    return this.context.payloads.decode(payload);
  }

  protected get label(): string {
    return `job ${this.id} of queue ${this.queueName}`;
  }
}

/** Events that say no more than their type. */
const ofJobs: ReadonlySet<string> = new Set<JobEvent['type']>([
  'added',
  'waiting',
  'active',
  'waiting-children',
  'stalled',
  'duplicated',
  'removed',
]);

const nothing: { readonly defaultValue: Followed } = { defaultValue: { record: undefined } };

function errorOf(reason: string, code: string | undefined): StepstreamError {
  return reviveError(code, reason) ?? new JobFailedError(reason);
}
