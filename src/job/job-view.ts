import type { Checkpoint, JobOptions, JobRecord } from '../engine/records.js';
import type { JobContext } from './job-context.js';
import type { Payloads } from './payloads.js';

/** A job as it was when it was added, read or taken; with the changes that were made through this object. */
export abstract class JobView<Data = any, Result = any, Name extends string = string, Progress = any> {
  protected readonly context: JobContext;
  #record: JobRecord;
  #data: { readonly value: Data } | undefined;

  constructor(context: JobContext, record: JobRecord) {
    this.context = context;
    this.#record = record;
  }

  protected get record(): JobRecord {
    return this.#record;
  }

  /** For the worker that has ended it. */
  became(record: Partial<JobRecord>): void {
    const { data, progress } = this.#record; // what the function has made of them
    this.update({ ...record, data, progress });
  }

  /** For those who know what is in a checkpoint: `checkpointOf`. */
  readCheckpoint<T>(read: (checkpoint: Checkpoint, payloads: Payloads) => T): T | undefined {
    const { checkpoint } = this.#record;
    return checkpoint && read(checkpoint, this.context.payloads);
  }

  /** What is known of it now. */
  protected update(change: Partial<JobRecord>): void {
    if ('data' in change) this.#data = undefined;
    this.#record = { ...this.#record, ...change };
  }

  get id(): string {
    return this.#record.id;
  }

  get name(): Name {
    return this.#record.name as Name;
  }

  get queueName(): string {
    return this.#record.queue;
  }

  get prefix(): string {
    return this.context.prefix;
  }

  /** `<prefix>:<queue>`, as a child names its parent's queue. */
  get queueQualifiedName(): string {
    return this.context.qualified(this.queueName);
  }

  /** The same object each time: what is changed in it is saved by `updateData` only. */
  get data(): Data {
    return (this.#data ??= { value: this.context.payloads.decode(this.#record.data) as Data }).value;
  }

  get opts(): JobOptions {
    return this.#record.opts;
  }

  /** When the job came to be, in milliseconds since the epoch. */
  get timestamp(): number {
    return this.#record.timestamp;
  }

  /** Milliseconds that the job is, or was last, delayed for. */
  get delay(): number {
    return this.#record.delay;
  }

  /** When a delayed job is due, in milliseconds since the epoch; `undefined` in other states. */
  get due(): number | undefined {
    const { state, due } = this.#record;
    return state === 'delayed' ? due : undefined;
  }

  get priority(): number {
    return this.#record.priority;
  }

  get attemptsMade(): number {
    return this.#record.attemptsMade;
  }

  /** How often it was taken by a worker. */
  get attemptsStarted(): number {
    return this.#record.attemptsStarted;
  }

  /** How often a worker has died with it. */
  get stalledCounter(): number {
    return this.#record.stalledCounter;
  }

  /** The last saved emission of a step; of a worker's function what `updateProgress` was given. */
  get progress(): Progress | undefined {
    const { progress } = this.#record;
    return progress === undefined ? undefined : (this.context.payloads.progressOf(progress) as Progress);
  }

  get returnvalue(): Result | undefined {
    return this.context.payloads.decode(this.#record.returnvalue) as Result | undefined;
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

  /** The name of the worker that took it last. */
  get processedBy(): string | undefined {
    return this.#record.processedBy;
  }

  get finishedOn(): number | undefined {
    return this.#record.finishedOn;
  }

  /** Why it fails when it is next taken: a child of it has failed. */
  get deferredFailure(): string | undefined {
    return this.#record.deferredFailure;
  }

  get deduplicationId(): string | undefined {
    return this.#record.deduplicationId;
  }

  /** The job scheduler that it comes of. */
  get repeatJobKey(): string | undefined {
    return this.#record.scheduler;
  }

  /** The job that this one is a child of. */
  get parent(): { readonly id: string; readonly queueKey: string } | undefined {
    const { parent } = this.#record;
    return parent && { id: parent.id, queueKey: this.context.qualified(parent.queue) };
  }

  /** The parent's key, `<prefix>:<queue>:<id>`. */
  get parentKey(): string | undefined {
    const { parent } = this.#record;
    return parent && this.context.keyOf(parent.queue, parent.id);
  }

  /** Its members as a plain object; those that are undefined are left out. */
  toJSON(): Record<string, unknown> {
    return Object.fromEntries(
      shown.map((member) => [member, this[member]] as const).filter(([, value]) => value !== undefined),
    );
  }
}

/** What `toJSON` shows. */
const shown = [
  'id',
  'name',
  'queueName',
  'queueQualifiedName',
  'data',
  'opts',
  'timestamp',
  'delay',
  'priority',
  'attemptsMade',
  'attemptsStarted',
  'stalledCounter',
  'progress',
  'returnvalue',
  'failedReason',
  'stacktrace',
  'processedOn',
  'processedBy',
  'finishedOn',
  'deferredFailure',
  'deduplicationId',
  'repeatJobKey',
  'parent',
  'parentKey',
] as const satisfies readonly (keyof JobView)[];
