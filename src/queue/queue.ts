import type { JobOptions, NewJob } from '../engine/records.js';
import { ClosedError } from '../errors.js';
import { addedRecord } from '../job/added-record.js';
import { Job, type JobContext } from '../job/job.js';
import { checkJob } from '../job/options.js';

/** A job for {@link Queue.addBulk}. */
export interface BulkJob<Data> {
  readonly name: string;
  readonly data: Data;
  readonly opts?: JobOptions;
}

/** Adds jobs to one queue, and finds them. */
export class Queue<Data = any, Result = any> {
  readonly name: string;
  readonly #context: JobContext;
  readonly #isClosed: () => boolean;

  constructor(name: string, context: JobContext, isClosed: () => boolean) {
    this.name = name;
    this.#context = context;
    this.#isClosed = isClosed;
  }

  /**
   * Adds a job.
   *
   * @throws ConfigurationError for a wrong name or wrong options, all faults together; UnserializableValueError and
   *   PayloadTooLargeError for data that can't be stored. Then nothing was added.
   * @example
   * ```ts
   * const job = await app.queue(OrderProcessor).add('order', order, { attempts: 3 });
   * ```
   */
  async add(name: string, data: Data, opts: JobOptions = {}): Promise<Job<Data, Result>> {
    const [job] = await this.addBulk([{ name, data, opts }]);
    return job!;
  }

  /**
   * Adds jobs, all or none.
   *
   * @throws as {@link add}
   */
  async addBulk(jobs: readonly BulkJob<Data>[]): Promise<Job<Data, Result>[]> {
    if (this.#isClosed()) throw new ClosedError(`the app is closed: no job was added to queue ${this.name}`);
    const { engine } = this.#context;
    const added = jobs.map((job) => this.#newJob(job));
    const ids = await engine.add(added);
    return added.map((job, index) => new Job<Data, Result>(this.#context, addedRecord(job, ids[index]!)));
  }

  /** The job of this id, or `undefined`. */
  async getJob(id: string): Promise<Job<Data, Result> | undefined> {
    const record = await this.#context.engine.get(this.name, id);
    return record && new Job<Data, Result>(this.#context, record);
  }

  #newJob({ name, data, opts = {} }: BulkJob<Data>): NewJob {
    checkJob(this.name, name, opts);
    const payload = this.#context.payloads.encode(data, () => `the data of job "${name}"`);
    const timestamp = opts.timestamp ?? Math.floor(this.#context.engine.clock.now());
    return { queue: this.name, name, data: payload, opts, timestamp };
  }
}
