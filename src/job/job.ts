import { filter, lastValueFrom, map, type Observable } from 'rxjs';
import type { Engine } from '../engine/engine.js';
import type { EngineEvent, JobOptions, JobRecord, JobState, Payload } from '../engine/records.js';
import {
  ClosedError,
  ConfigurationError,
  JobFailedError,
  JobNotFoundError,
  reviveError,
  type StepstreamError,
} from '../errors.js';
import type { Closing } from './closing.js';
import { followJob, type Followed } from './job-events.js';
import type { JobProgress } from './job-progress.js';
import { rules } from './options.js';
import type { Payloads } from './payloads.js';

/** What all jobs of an app share. */
export interface JobContext {
  readonly engine: Engine;
  readonly payloads: Payloads;
  /** When the app is closed, nothing more is heard of its jobs here. */
  readonly closing?: Closing;
}

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

/** A job, as it was when it was added or read; its members that end in `$`, and its methods, ask the store. */
export class Job<Data = any, Result = any> {
  readonly #context: JobContext;
  readonly #record: JobRecord;

  constructor(context: JobContext, record: JobRecord) {
    this.#context = context;
    this.#record = record;
  }

  get id(): string {
    return this.#record.id;
  }

  get name(): string {
    return this.#record.name;
  }

  get queueName(): string {
    return this.#record.queue;
  }

  get data(): Data {
    return this.#decode(this.#record.data) as Data;
  }

  get opts(): JobOptions {
    return this.#record.opts;
  }

  /** When the job came to be, in milliseconds since the epoch. */
  get timestamp(): number {
    return this.#record.timestamp;
  }

  get attemptsMade(): number {
    return this.#record.attemptsMade;
  }

  get progress(): JobProgress | undefined {
    return this.#record.progress === undefined ? undefined : this.#progressOf(this.#record.progress);
  }

  get returnvalue(): Result | undefined {
    return this.#decode(this.#record.returnvalue) as Result | undefined;
  }

  get failedReason(): string | undefined {
    return this.#record.failedReason;
  }

  get stacktrace(): readonly string[] {
    return this.#record.stacktrace;
  }

  /** When it was last taken by a worker, in milliseconds since the epoch. */
  get processedOn(): number | undefined {
    return this.#record.processedOn;
  }

  get finishedOn(): number | undefined {
    return this.#record.finishedOn;
  }

  /**
   * Cancels the job: one that isn't running fails with `JobCancelledError`, its unfinished children too; one that runs is
   * unsubscribed on its worker, at the latest with that worker's next write or renewal.
   *
   * @param reason becomes the job's failure
   * @returns whether it did: a finished job stays as it is
   */
  async cancel(reason = 'cancelled'): Promise<boolean> {
    refuse('cancel', typeof reason === 'string', 'reason must be a text');
    return this.#context.engine.cancel(this.queueName, this.id, reason);
  }

  /**
   * Runs a finished job again: a failed one from its checkpoint, a completed one from its first step, as a new run.
   *
   * @returns whether it was finished
   */
  async retry(): Promise<boolean> {
    return this.#context.engine.retry(this.queueName, this.id);
  }

  /** Lets a delayed job run now; one that sleeps in a `delay` passes it. @returns whether it was delayed */
  async promote(): Promise<boolean> {
    return this.#context.engine.promote(this.queueName, this.id);
  }

  /** Moves a delayed job's due time to `delay` milliseconds from now. @returns whether it was delayed */
  async changeDelay(delay: number): Promise<boolean> {
    refuse('changeDelay', rules.milliseconds.test(delay), `delay must be ${rules.milliseconds.expects}`);
    const { engine } = this.#context;
    return engine.changeDelay(this.queueName, this.id, engine.clock.now() + delay);
  }

  /**
   * Replaces the job's data; steps see it from the job's next activation on.
   *
   * @returns whether the job is in the store
   * @throws UnserializableValueError, PayloadTooLargeError
   */
  async updateData(data: Data): Promise<boolean> {
    const payload = this.#context.payloads.encode(data, () => `the data of job ${this.id}`);
    return this.#context.engine.updateData(this.queueName, this.id, payload);
  }

  /** Removes the job, with its unfinished children. @returns whether it did: one that is active, or has active children, stays */
  async remove(): Promise<boolean> {
    return this.#context.engine.remove(this.queueName, this.id);
  }

  /** Where the job is now; `unknown` when it isn't in the store. */
  async getState(): Promise<JobState | 'unknown'> {
    const record = await this.#context.engine.get(this.queueName, this.id);
    return record?.state ?? 'unknown';
  }

  /**
   * Every saved emission: the latest, then live. Completes when the job settles or is removed, and never errors because of it. Of a
   * job that has completed already there is none: its result says what there is to say.
   */
  get progress$(): Observable<JobProgress> {
    return this.#follow().pipe(
      map(({ record, event }) => (event ? event.type === 'progress' && event.data : record?.progress)),
      filter((progress) => typeof progress === 'string'),
      map((progress) => this.#progressOf(progress)),
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
    const { record, event } = await this.#last();
    const job = `job ${this.id} of queue ${this.queueName}`;
    if (event?.type === 'completed') return this.#decode(event.returnvalue) as Result;
    if (event?.type === 'failed') throw errorOf(event.reason, event.code);
    if (!event && record?.state === 'completed') return this.#decode(record.returnvalue) as Result;
    if (!event && record?.state === 'failed') throw errorOf(record.failedReason ?? '', record.failedCode);
    if (event?.type === 'removed') throw new JobNotFoundError(`${job} was removed before it had finished`);
    if (this.#context.closing?.closed) throw new ClosedError(`the app was closed before ${job} had finished`);
    throw new JobNotFoundError(`${job} is not in the store`);
  }

  #last(): Promise<Followed> {
    const nothing: Followed = { record: undefined };
    return lastValueFrom(this.#follow(), { defaultValue: nothing });
  }

  #follow(): Observable<Followed> {
    const { engine, closing } = this.#context;
    return followJob(engine, this.queueName, this.id, closing);
  }

  #publicEvent(event: EngineEvent): JobEvent {
    const { at } = event;
    switch (event.type) {
      case 'delayed':
        return { type: 'delayed', at, delay: event.due };
      case 'progress':
        return { type: 'progress', at, data: this.#progressOf(event.data) };
      case 'completed':
        return { type: 'completed', at, returnvalue: this.#decode(event.returnvalue) };
      case 'failed':
        return { type: 'failed', at, failedReason: event.reason };
      default:
        return { type: event.type, at };
    }
  }

  #stateEvent(record: JobRecord): JobEvent {
    const at = this.#context.engine.clock.now();
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

  #progressOf(text: Payload): JobProgress {
    const progress = JSON.parse(text);
    if (progress === null || typeof progress !== 'object' || !('emission' in progress)) return progress;
    return { ...progress, emission: this.#context.payloads.fromJson(progress.emission) };
  }

  #decode(payload: Payload | undefined): unknown {
    return this.#context.payloads.decode(payload);
  }
}

/** @throws ConfigurationError unless the argument will do */
function refuse(method: string, willDo: boolean, message: string): void {
  if (willDo) return;
  throw new ConfigurationError(`job.${method}() can not be done:`, [{ code: 'INVALID_OPTION', at: method, message }]);
}

function errorOf(reason: string, code: string | undefined): StepstreamError {
  return reviveError(code, reason) ?? new JobFailedError(reason);
}
