import { BaseAdapter } from '@bull-board/api/dist/queueAdapters/base.js';
import type {
  JobCleanStatus,
  JobCounts,
  JobSchedulerRepeatOptions,
  JobSchedulerUpdateResult,
  JobStatus,
  MetricsType,
  ObliterateOptions,
  QueueAdapterOptions,
  QueueDefaultJobOptions,
  QueueJob,
  QueueJobOptions,
  QueueMetrics,
  QueueWorker,
  RedisStats,
  Status,
} from '@bull-board/api/typings/app';
import { ConfigurationError, QueueStateError, type FlowQuery, type Queue, type RateLimit } from '../index.js';
import { boardJob, boardNode, type BoardJob, type BoardNode } from './board-job.js';
import { boardSchedulers, reschedule, runNow, schedulerAwaiting, type BoardScheduler } from './board-schedulers.js';

/** bull-board's own options of an adapter. */
export type StepstreamAdapterOptions = Partial<QueueAdapterOptions & { readonly allowCompletedRetries: boolean }>;

const states = [
  'active',
  'waiting',
  'waiting-children',
  'prioritized',
  'completed',
  'failed',
  'delayed',
] as const satisfies readonly JobStatus[];

/** By these words, and no others, bull-board knows why, and offers to do it all the same. */
const activeJobs = 'Cannot obliterate queue with active jobs';

/**
 * Shows a queue in [bull-board](https://github.com/felixmosh/bull-board) 9, whichever engine it is on. The progress of a job of
 * steps is where it stands: its step and visit, the gates that it has reached, the outputs so far, its last emission.
 *
 * @example
 * ```ts
 * import { createBullBoard } from '@bull-board/api';
 * import { ExpressAdapter } from '@bull-board/express';
 *
 * const serverAdapter = new ExpressAdapter();
 * createBullBoard({ queues: [new StepstreamAdapter(app.queue(Orders))], serverAdapter });
 * express().use('/', serverAdapter.getRouter()).listen(3000, '127.0.0.1');
 * ```
 */
export class StepstreamAdapter extends BaseAdapter {
  readonly #queue: Queue;

  /** @throws ConfigurationError for a queue that isn't one of Stepstream's */
  constructor(queue: Queue, options: StepstreamAdapterOptions = {}) {
    super('bullmq', options); // its flow graph is for this type only
    if (typeof queue?.getFlow !== 'function') {
      const message = "it must be a Queue of stepstream: for BullMQ's there is BullMQAdapter of @bull-board/api";
      throw new ConfigurationError('There is no such adapter:', [{ code: 'INVALID_OPTION', at: 'queue', message }]);
    }
    this.#queue = queue;
  }

  getName(): string {
    return `${this.prefix}${this.#queue.name}`;
  }

  // --- jobs ---

  getStatuses(): Status[] {
    return ['latest', ...states];
  }

  getJobStatuses(): JobStatus[] {
    return [...states];
  }

  async getJobCounts(): Promise<JobCounts> {
    return this.#queue.getJobCounts();
  }

  async getJob(id: string): Promise<BoardJob | undefined> {
    const job = await this.#queue.getJob(id);
    return job && boardJob(job, 'all');
  }

  async getJobs(statuses: JobStatus[], start?: number, end?: number): Promise<BoardJob[]> {
    const asked = states.filter((state) => statuses.includes(state));
    if (asked.length === 0) return []; // without any, a queue answers all jobs
    const jobs = await this.#queue.getJobs(asked, start, end);
    return jobs.map((job) => boardJob(job, 'some'));
  }

  async getJobLogs(id: string): Promise<string[]> {
    const { logs } = await this.#queue.getJobLogs(id);
    return [...logs];
  }

  async addJob(name: string, data: unknown, options: QueueJobOptions): Promise<BoardJob> {
    return boardJob(await this.#queue.add(name, data, options), 'all');
  }

  override getQueueDefaultJobOptions(): QueueDefaultJobOptions {
    return this.#queue.defaultJobOptions as QueueDefaultJobOptions;
  }

  // --- many jobs ---

  async clean(status: JobCleanStatus, graceTimeMs: number): Promise<void> {
    await this.#queue.clean(graceTimeMs, 0, status);
  }

  empty(): Promise<void> {
    return this.#queue.drain();
  }

  promoteAll(): Promise<void> {
    return this.#queue.promoteJobs();
  }

  async obliterate({ force = false }: ObliterateOptions = {}): Promise<void> {
    try {
      await this.#queue.obliterate({ force });
    } catch (error) {
      if (!(error instanceof QueueStateError) || (await this.#queue.getActiveCount()) === 0) throw error;
      throw new QueueStateError(activeJobs, { cause: error });
    }
  }

  // --- the queue ---

  isPaused(): Promise<boolean> {
    return this.#queue.isPaused();
  }

  pause(): Promise<void> {
    return this.#queue.pause();
  }

  resume(): Promise<void> {
    return this.#queue.resume();
  }

  getGlobalConcurrency(): Promise<number | null> {
    return this.#queue.getGlobalConcurrency();
  }

  /** @param concurrency 0: any number */
  setGlobalConcurrency(concurrency: number): Promise<void> {
    return concurrency > 0 ? this.#queue.setGlobalConcurrency(concurrency) : this.#queue.removeGlobalConcurrency();
  }

  override get supportsGlobalRateLimit(): boolean {
    return true;
  }

  override async getConfiguredRateLimit(): Promise<{ max: number; duration: number } | null> {
    return this.#queue.getGlobalRateLimit();
  }

  override setConfiguredRateLimit({ max, duration }: RateLimit): Promise<void> {
    return this.#queue.setGlobalRateLimit(max, duration);
  }

  override removeConfiguredRateLimit(): Promise<void> {
    return this.#queue.removeGlobalRateLimit();
  }

  override getActiveRateLimitTtl(): Promise<number> {
    return this.#queue.getRateLimitTtl();
  }

  override async releaseActiveRateLimit(): Promise<void> {
    await this.#queue.removeRateLimitKey();
  }

  async getMetrics(type: MetricsType, start?: number, end?: number): Promise<QueueMetrics> {
    const { meta, data, count } = await this.#queue.getMetrics(type, start, end);
    return { meta: { ...meta }, data: [...data], count };
  }

  override async getWorkers(): Promise<QueueWorker[] | null> {
    return this.normalizeWorkers([...(await this.#queue.getWorkers())], ':w:'); // what follows in BullMQ's name is the worker's
  }

  /** `null` on the embedded engine, which is no server. */
  async getRedisInfo(): Promise<string | null> {
    return (await this.#queue.getRedisInfo()) ?? null;
  }

  /** Of the process in which the embedded engine is: without an answer the page of bull-board 9.10 goes blank when it is asked for. */
  override async getDatastoreStats(): Promise<RedisStats | null> {
    return {
      version: 'none: the jobs are in the memory of this process',
      os: `Node.js ${process.versions.node}`,
      port: 0,
      uptime: Math.floor(process.uptime()),
      clients: { connected: await this.#queue.getWorkersCount(), blocked: 0 },
    };
  }

  // --- job schedulers ---

  getJobSchedulers(): Promise<BoardScheduler[]> {
    return boardSchedulers(this.#queue);
  }

  getJobSchedulersCount(): Promise<number> {
    return this.#queue.getJobSchedulersCount();
  }

  removeJobScheduler(id: string): Promise<boolean> {
    return this.#queue.removeJobScheduler(id);
  }

  override get supportsJobSchedulerUpdate(): boolean {
    return true;
  }

  updateJobScheduler(id: string, repeat: JobSchedulerRepeatOptions): Promise<JobSchedulerUpdateResult> {
    return reschedule(this.#queue, id, repeat);
  }

  override get supportsJobSchedulerRun(): boolean {
    return true;
  }

  async runJobSchedulerNow(id: string): Promise<QueueJob | 'not-found'> {
    const job = await runNow(this.#queue, id);
    return job ? boardJob(job, 'all') : 'not-found';
  }

  override getArmedJobSchedulerId(job: QueueJob): Promise<string | null> {
    return schedulerAwaiting(this.#queue, job as BoardJob);
  }

  // --- flows: what bull-board asks of adapters of the type bullmq beyond the base class ---

  getQueueName(): string {
    return this.#queue.name;
  }

  /** `<prefix>:<queue>`, as children name their parent's queue. */
  getQueueQualifiedName(): string {
    return this.#queue.qualifiedName;
  }

  /** Reads the flows of this queue's jobs. */
  async getFlowProducer(): Promise<{ getFlow(query: FlowQuery): Promise<BoardNode | undefined> }> {
    return {
      getFlow: async ({ queueName, id, ...window }) => {
        if (queueName !== this.#queue.name) return undefined;
        const flow = await this.#queue.getFlow(id, window);
        return flow && boardNode(flow);
      },
    };
  }
}
