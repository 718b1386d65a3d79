import type { JobOptions, NewJob } from '../engine/records.js';
import { ClosedError, ConfigurationError, type Fault } from '../errors.js';
import { addedRecord } from '../job/added-record.js';
import { Job, type JobContext } from '../job/job.js';
import { isRecord, jobFaults, jobLabel, optionFaults, type OptionRules } from '../job/options.js';

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
    const [job] = await this.#add([{ name, data, opts }], () => 'job');
    return job!;
  }

  /**
   * Adds jobs, all or none.
   *
   * @throws as {@link add}, the faults of all jobs together
   */
  addBulk(jobs: readonly BulkJob<Data>[]): Promise<Job<Data, Result>[]> {
    return this.#add(jobs, (index) => `jobs[${index}]`);
  }

  async #add(jobs: readonly BulkJob<Data>[], labelOf: (index: number) => string): Promise<Job<Data, Result>[]> {
    if (this.#isClosed()) throw new ClosedError(`the app is closed: no job was added to queue ${this.name}`);
    if (!Array.isArray(jobs)) {
      const message = 'jobs must be a list of { name, data, opts? }';
      throw new ConfigurationError('Nothing was added:', [{ code: 'INVALID_OPTION', at: 'addBulk', message }]);
    }
    const { engine } = this.#context;
    const faults = Array.from(jobs as readonly BulkJob<Data>[]).flatMap((job, index) =>
      this.#faultsOf(job, labelOf(index)),
    );
    if (faults.length > 0) throw new ConfigurationError('Nothing was added:', faults);
    const added = jobs.map((job, index) => this.#newJob(job, labelOf(index)));
    const ids = await engine.add(added);
    return added.map((job, index) => new Job<Data, Result>(this.#context, addedRecord(job, ids[index]!)));
  }

  /** The job of this id, or `undefined`. */
  async getJob(id: string): Promise<Job<Data, Result> | undefined> {
    const record = await this.#context.engine.get(this.name, id);
    return record && new Job<Data, Result>(this.#context, record);
  }

  #faultsOf(job: BulkJob<Data>, label: string): readonly Fault[] {
    const { name, opts }: { readonly name?: unknown; readonly opts?: unknown } = isRecord(job) ? job : {};
    const at = jobLabel(this.name, name, label);
    const faults = optionFaults(job, bulkJobRules, at);
    return isRecord(job) ? [...faults, ...jobFaults(name, isRecord(opts) ? opts : {}, at)] : faults;
  }

  #newJob({ name, data, opts = {} }: BulkJob<Data>, label: string): NewJob {
    const payload = this.#context.payloads.encode(data, () => `the data of ${jobLabel(this.name, name, label)}`);
    const timestamp = opts.timestamp ?? Math.floor(this.#context.engine.clock.now());
    return { queue: this.name, name, data: payload, opts, timestamp };
  }
}

const any = { test: () => true, expects: 'anything' };
/** A misspelt `opts` would be ignored in silence. */
const bulkJobRules: OptionRules<BulkJob<unknown>> = {
  name: any,
  data: any,
  opts: { test: isRecord, expects: "an object: the job's options" },
};
