import type { Observable } from 'rxjs';
import type { JobOptions, JobState } from '../engine/records.js';
import { ClosedError, ConfigurationError, JobNotFoundError, JobStateError, QueueStateError } from '../errors.js';
import { addedRecord } from '../job/added-record.js';
import { checkArgument } from '../job/check-argument.js';
import { Job } from '../job/job.js';
import { JobContext } from '../job/job-context.js';
import { withDefaults } from '../job/job-options.js';
import { bulkJobFaults, newJob, refuseFaults, type BulkJob } from '../job/new-job.js';
import { rules, type OptionRule } from '../job/options.js';
import {
  newScheduler,
  publicScheduler,
  type JobScheduler,
  type JobTemplate,
  type RepeatOptions,
} from './job-schedulers.js';
import { FlowProducer } from './flow-producer.js';
import type { FlowQuery, JobNode } from './flow.js';
import type { QueueEvent } from './queue-event.js';
import { queueEvents } from './queue-events.js';
import { QueueGetters, type JobType } from './queue-getters.js';
import { checkQueue, queueOptionRules, type QueueOptions } from './queue-options.js';

export type { BulkJob } from '../job/new-job.js';

/** What is done through this object is told to its listeners, as BullMQ does. */
interface QueueListened {
  waiting: [job: Job];
  progress: [jobId: string, progress: unknown];
  removed: [jobId: string];
  cleaned: [jobIds: readonly string[], type: JobType];
  paused: [];
  resumed: [];
  error: [error: Error];
}

/** So many jobs are added in one write, and changed in one step of what may touch all of a queue. */
const chunk = 1_000;

/**
 * Adds jobs to one queue, finds them, and administers it.
 *
 * @example
 * ```ts
 * const queue = new Queue('orders', { connection: 'redis://localhost:6379' });
 * await queue.add('order', order, { attempts: 3, backoff: { type: 'exponential', delay: 1_000 } });
 * ```
 */
export class Queue<Data = any, Result = any, Name extends string = string> extends QueueGetters<
  Data,
  Result,
  Name,
  QueueListened
> {
  readonly opts: QueueOptions;

  /** @throws ConfigurationError */
  constructor(name: string, options: QueueOptions | JobContext = {}) {
    if (!(options instanceof JobContext)) checkQueue(name, options, queueOptionRules, 'Queue');
    super(name, options);
    this.opts = options instanceof JobContext ? {} : options;
  }

  get defaultJobOptions(): JobOptions {
    return { ...this.opts.defaultJobOptions };
  }

  // --- adding ---

  /**
   * Adds a job.
   *
   * @throws ConfigurationError for a wrong name or wrong options, all faults together; UnserializableValueError and
   *   PayloadTooLargeError for data that can't be stored; JobNotFoundError for a parent that isn't in the store. Then nothing
   *   was added.
   * @example
   * ```ts
   * const job = await app.queue(OrderProcessor).add('order', order, { attempts: 3 });
   * ```
   */
  async add(name: Name, data: Data, opts: JobOptions = {}): Promise<Job<Data, Result, Name>> {
    const [job] = await this.#add([{ name, data, opts }], () => 'job');
    return job!;
  }

  /**
   * Adds jobs: up to 1,000 all or none, more in chunks of 1,000.
   *
   * @throws as {@link add}, the faults of all jobs together: then none was added. Of what the store refuses later, the
   *   chunks before stay.
   */
  addBulk(jobs: readonly BulkJob<Data, Name>[]): Promise<Job<Data, Result, Name>[]> {
    return this.#add(jobs, (index) => `jobs[${index}]`);
  }

  async #add(
    jobs: readonly BulkJob<Data, Name>[],
    labelOf: (index: number) => string,
  ): Promise<Job<Data, Result, Name>[]> {
    if (this.closed) throw new ClosedError(`${this.#owner} is closed: no job was added to queue ${this.name}`);
    if (!Array.isArray(jobs)) {
      const message = 'jobs must be a list of { name, data, opts? }';
      throw new ConfigurationError('Nothing was added:', [{ code: 'INVALID_OPTION', at: 'addBulk', message }]);
    }
    const { context } = this;
    const faults = Array.from(jobs as readonly BulkJob<Data, Name>[]).flatMap((job, index) =>
      bulkJobFaults(context, this.name, job, labelOf(index)),
    );
    refuseFaults(faults);
    const { defaultJobOptions } = this.opts;
    const all = jobs.map((job: BulkJob<Data, Name>, index) => {
      const opts = withDefaults(defaultJobOptions, job.opts);
      return newJob(context, this.name, opts ? { ...job, opts } : job, labelOf(index));
    });
    const added: Job<Data, Result, Name>[] = [];
    for (let from = 0; from < all.length; from += chunk) {
      const part = all.slice(from, from + chunk);
      const ids = await context.engine.add(part);
      for (const [index, job] of part.entries()) added.push(new Job(context, addedRecord(job, ids[index]!)));
    }
    if (this.listenerCount('waiting') > 0) for (const job of added) this.#told('waiting', job);
    return added;
  }

  #told<Event extends keyof QueueListened>(event: Event, ...args: QueueListened[Event]): void {
    this.tell(event, ...args);
  }

  get #owner(): string {
    return this.context.shut ? 'the app' : 'the queue';
  }

  // --- what happens ---

  /** What happens in the queue, whoever does it, from now on. Completes when the queue, or its app, is closed. */
  get events$(): Observable<QueueEvent<Result>> {
    return queueEvents(this.context, this.name, undefined);
  }

  /** {@link events$} from after the event of this id on, as far as the store still has what came then; `'0'`: all it has. */
  eventsAfter(eventId: string): Observable<QueueEvent<Result>> {
    return queueEvents(this.context, this.name, eventId);
  }

  /** Keeps about so many events. @returns how many were removed */
  async trimEvents(maxLength: number): Promise<number> {
    checkArgument('queue.trimEvents()', 'maxLength', maxLength, rules.count);
    return this.context.engine.trimEvents(this.name, maxLength);
  }

  // --- trees of jobs ---

  /**
   * The tree of a job, its children and theirs, as they stand; `undefined` when the job isn't in the store.
   *
   * @param options `depth`: generations, default 10; `maxChildren`: of each kind of each job, default 20
   */
  getFlow(id: string, options: Omit<FlowQuery, 'id' | 'queueName'> = {}): Promise<JobNode | undefined> {
    return new FlowProducer(this.context).getFlow({ ...options, queueName: this.name, id });
  }

  // --- the flow of jobs ---

  /** No job is taken any more, by any worker; active ones go on. */
  async pause(): Promise<void> {
    await this.context.engine.pause(this.name);
    this.#told('paused');
  }

  async resume(): Promise<void> {
    await this.context.engine.resume(this.name);
    this.#told('resumed');
  }

  /** How many jobs of the queue may be active, on all workers together. */
  async setGlobalConcurrency(concurrency: number): Promise<void> {
    checkArgument('queue.setGlobalConcurrency()', 'concurrency', concurrency, rules.atLeastOne);
    await this.context.engine.setConcurrency(this.name, concurrency);
  }

  async removeGlobalConcurrency(): Promise<void> {
    await this.context.engine.setConcurrency(this.name, undefined);
  }

  /** How many jobs of the queue may be taken in `duration` milliseconds, on all workers together. */
  async setGlobalRateLimit(max: number, duration: number): Promise<void> {
    checkArgument('queue.setGlobalRateLimit()', 'max', max, rules.atLeastOne);
    checkArgument('queue.setGlobalRateLimit()', 'duration', duration, rules.period);
    await this.context.engine.setRateLimit(this.name, { max, duration });
  }

  async removeGlobalRateLimit(): Promise<void> {
    await this.context.engine.setRateLimit(this.name, undefined);
  }

  /** No job of the queue is taken for so many milliseconds. */
  async rateLimit(ms: number): Promise<void> {
    checkArgument('queue.rateLimit()', 'ms', ms, rules.period);
    await this.context.engine.rateLimit(this.name, ms);
  }

  /** Ends a rate limit that is in force. @returns 1 when there was one, else 0 */
  async removeRateLimitKey(): Promise<number> {
    return (await this.context.engine.removeRateLimit(this.name)) ? 1 : 0;
  }

  // --- many jobs ---

  /** Removes the jobs that wait, and with `delayed` those that are delayed, too; not the next ones of schedulers. */
  async drain(delayed = false): Promise<void> {
    checkArgument('queue.drain()', 'delayed', delayed, rules.boolean);
    await this.context.engine.drain(this.name, delayed);
  }

  /**
   * Removes jobs of one state that came to it, or were added, more than `grace` milliseconds ago.
   *
   * @param limit at most so many; 0: all
   * @returns their ids
   */
  async clean(
    grace: number,
    limit: number,
    type: Exclude<JobType, 'waiting-children'> = 'completed',
  ): Promise<string[]> {
    checkArgument('queue.clean()', 'grace', grace, rules.milliseconds);
    checkArgument('queue.clean()', 'limit', limit, rules.count);
    checkArgument('queue.clean()', 'type', type, cleaned);
    const state = (type === 'wait' ? 'waiting' : type) as JobState;
    const removed = [...(await this.context.engine.clean(this.name, state, grace, limit || Infinity))];
    this.#told('cleaned', removed, type === 'waiting' ? 'wait' : type); // BullMQ's word
    return removed;
  }

  /**
   * Pauses the queue and removes it with all of its jobs.
   *
   * @param options `force`: also when jobs are active
   * @throws QueueStateError when jobs are active
   */
  async obliterate({ force = false }: { readonly force?: boolean; readonly count?: number } = {}): Promise<void> {
    checkArgument('queue.obliterate()', 'force', force, rules.boolean);
    await this.pause();
    const answer = await this.context.engine.obliterate(this.name, force);
    if (answer === 'active') {
      throw new QueueStateError(
        `queue ${this.name} has active jobs: it stays, paused; let them finish, or use { force: true }`,
      );
    }
    if (answer === 'not-paused') throw new QueueStateError(`queue ${this.name} was resumed meanwhile: it stays`);
  }

  /** Runs all failed, or completed, jobs again. @param options `timestamp`: those that finished up to then */
  async retryJobs(
    options: { readonly state?: 'failed' | 'completed'; readonly timestamp?: number; readonly count?: number } = {},
  ): Promise<void> {
    const { engine } = this.context;
    const { state = 'failed', timestamp = engine.clock.now() } = options;
    checkArgument('queue.retryJobs()', 'state', state, finished);
    checkArgument('queue.retryJobs()', 'timestamp', timestamp, rules.milliseconds);
    while ((await engine.retryAll(this.name, state, timestamp, chunk)) === chunk);
  }

  /** Lets all delayed jobs run now. */
  async promoteJobs(options: { readonly count?: number } = {}): Promise<void> {
    void options;
    while ((await this.context.engine.promoteAll(this.name, chunk)) === chunk);
  }

  // --- one job, by its id ---

  /**
   * Removes a job.
   *
   * @returns 1 when it is gone; 0 when it stays, as it is active, or has active children
   * @throws JobStateError for the next job of a scheduler
   */
  async remove(id: string, { removeChildren = true }: { readonly removeChildren?: boolean } = {}): Promise<number> {
    const answer = await this.context.engine.remove(this.name, id, removeChildren);
    if (answer === 'scheduled') {
      throw new JobStateError(`job ${id} is the next one of its scheduler: use queue.removeJobScheduler()`);
    }
    if (answer === 'active') return 0;
    this.#told('removed', id);
    return 1;
  }

  async updateJobProgress(id: string, progress: unknown): Promise<void> {
    await (await this.#known(id)).updateProgress(progress);
    this.#told('progress', id, progress);
  }

  /** Appends a row to the job's log, and keeps the last `keepLogs`. @returns how many there are */
  async addJobLog(id: string, row: string, keepLogs?: number): Promise<number> {
    const count = await this.context.engine.log(this.name, id, row, keepLogs);
    if (count === undefined) throw new JobNotFoundError(`job ${id} of queue ${this.name} is not in the store`);
    return count;
  }

  async #known(id: string): Promise<Job<Data, Result, Name>> {
    const job = await this.getJob(id);
    if (job) return job;
    throw new JobNotFoundError(`job ${id} of queue ${this.name} is not in the store`);
  }

  /** Frees the place of a deduplication. @returns 1 when it was held, else 0 */
  async removeDeduplicationKey(deduplicationId: string): Promise<number> {
    return (await this.context.engine.removeDeduplication(this.name, deduplicationId)) ? 1 : 0;
  }

  // --- job schedulers ---

  /**
   * Sets up a job scheduler, or changes it: it adds jobs by a cron pattern, or at an interval; the next one when the one
   * before is taken by a worker.
   *
   * @returns its next job; `undefined` when its `endDate` is over
   * @throws ConfigurationError that names all that is wrong
   * @example
   * ```ts
   * await queue.upsertJobScheduler('nightly', { pattern: '0 3 * * *', tz: 'Europe/Vienna' }, { name: 'report' });
   * ```
   */
  async upsertJobScheduler(
    id: string,
    repeat: RepeatOptions,
    template: JobTemplate<Data> = {},
  ): Promise<Job<Data, Result, Name> | undefined> {
    const scheduler = await newScheduler(this.context, this.name, id, repeat, template);
    const { defaultJobOptions } = this.opts;
    const opts = withDefaults(defaultJobOptions, scheduler.opts) ?? {};
    const jobId = await this.context.engine.upsertScheduler(this.name, { ...scheduler, opts });
    return jobId === undefined ? undefined : this.getJob(jobId);
  }

  async getJobScheduler(id: string): Promise<JobScheduler<Data> | undefined> {
    const record = await this.context.engine.scheduler(this.name, id);
    return record && publicScheduler(this.context, record);
  }

  /** Those that are due last first, unless `ascending`. */
  async getJobSchedulers(start = 0, end = -1, ascending = false): Promise<JobScheduler<Data>[]> {
    const records = await this.context.engine.schedulers(this.name, start, end, ascending);
    return records.map((record) => publicScheduler(this.context, record));
  }

  async getJobSchedulersCount(): Promise<number> {
    return this.context.engine.schedulerCount(this.name);
  }

  /** @returns whether there was one */
  async removeJobScheduler(id: string): Promise<boolean> {
    return this.context.engine.removeScheduler(this.name, id);
  }
}

const cleaned: OptionRule = {
  test: (value) =>
    ['completed', 'failed', 'wait', 'waiting', 'active', 'prioritized', 'delayed'].includes(value as string),
  expects: 'completed, failed, waiting, active, prioritized or delayed',
};

const finished: OptionRule = {
  test: (value) => value === 'failed' || value === 'completed',
  expects: 'failed or completed',
};
