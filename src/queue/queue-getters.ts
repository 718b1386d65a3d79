import type { Logs } from '../engine/engine.js';
import type { RateLimit } from '../engine/admin.js';
import type { JobState } from '../engine/records.js';
import { ConfigurationError } from '../errors.js';
import { Job } from '../job/job.js';
import { bullmqText } from './bullmq-text.js';
import { QueueBase } from './queue-base.js';

/** States by which jobs are asked for; `wait` is another word for `waiting`. */
export type JobType = JobState | 'wait';

const states: readonly JobState[] = [
  'active',
  'completed',
  'delayed',
  'failed',
  'prioritized',
  'waiting',
  'waiting-children',
];

/** Finished jobs per minute, the newest first. */
export interface QueueMetrics {
  /** `count`: jobs since the queue came to be. */
  readonly meta: { readonly count: number; readonly prevTS: number; readonly prevCount: number };
  readonly data: readonly number[];
  /** Minutes that are kept. */
  readonly count: number;
}

/** What can be asked of a queue. `end` is included, and counts from the last when it is below 0: -1 is the last. */
export abstract class QueueGetters<
  Data,
  Result,
  Name extends string,
  Events extends Record<keyof Events, unknown[]>,
> extends QueueBase<Events> {
  /** The job of this id, or `undefined`. */
  async getJob(id: string): Promise<Job<Data, Result, Name> | undefined> {
    const record = await this.context.engine.get(this.name, id);
    return record && new Job<Data, Result, Name>(this.context, record);
  }

  /** Where the job is; `unknown` when it isn't in the store. */
  async getJobState(id: string): Promise<JobState | 'unknown'> {
    return (await this.context.engine.get(this.name, id))?.state ?? 'unknown';
  }

  /**
   * Jobs in some states, one state after the other. Ascending: those that run next, or finished first, come first.
   *
   * @param types default: all states
   */
  async getJobs(
    types?: JobType | readonly JobType[],
    start = 0,
    end = -1,
    ascending = false,
  ): Promise<Job<Data, Result, Name>[]> {
    const lists = statesOf(types).map(async (state) => {
      // the port's own order: finished jobs from the newest, others from the one that runs next
      const isFinished = state === 'completed' || state === 'failed';
      return this.context.engine.list(this.name, state, start, end, ascending === isFinished);
    });
    const seen = new Set<string>();
    const records = (await Promise.all(lists)).flat().filter(({ id }) => !seen.has(id) && seen.add(id));
    return records.map((record) => new Job<Data, Result, Name>(this.context, record));
  }

  getWaiting(start = 0, end = -1): Promise<Job<Data, Result, Name>[]> {
    return this.getJobs('waiting', start, end, true);
  }

  getPrioritized(start = 0, end = -1): Promise<Job<Data, Result, Name>[]> {
    return this.getJobs('prioritized', start, end, true);
  }

  getDelayed(start = 0, end = -1): Promise<Job<Data, Result, Name>[]> {
    return this.getJobs('delayed', start, end, true);
  }

  getActive(start = 0, end = -1): Promise<Job<Data, Result, Name>[]> {
    return this.getJobs('active', start, end, true);
  }

  getWaitingChildren(start = 0, end = -1): Promise<Job<Data, Result, Name>[]> {
    return this.getJobs('waiting-children', start, end, true);
  }

  /** The newest first. */
  getCompleted(start = 0, end = -1): Promise<Job<Data, Result, Name>[]> {
    return this.getJobs('completed', start, end, false);
  }

  /** The newest first. */
  getFailed(start = 0, end = -1): Promise<Job<Data, Result, Name>[]> {
    return this.getJobs('failed', start, end, false);
  }

  // --- counts ---

  /** Number of jobs in these states; default: in each. */
  async getJobCounts(...types: readonly JobType[]): Promise<Record<string, number>> {
    const counts = await this.context.engine.counts(this.name);
    const asked = types.length > 0 ? [...new Set(types)] : states;
    statesOf(asked); // a state that isn't one
    return Object.fromEntries(asked.map((type) => [type, counts[stateOf(type)]]));
  }

  async getJobCountByTypes(...types: readonly JobType[]): Promise<number> {
    return Object.values(await this.getJobCounts(...types)).reduce((sum, count) => sum + count, 0);
  }

  /** Jobs that have neither finished nor been taken. */
  count(): Promise<number> {
    return this.getJobCountByTypes('waiting', 'delayed', 'prioritized', 'waiting-children');
  }

  getWaitingCount(): Promise<number> {
    return this.getJobCountByTypes('waiting');
  }

  getPrioritizedCount(): Promise<number> {
    return this.getJobCountByTypes('prioritized');
  }

  getDelayedCount(): Promise<number> {
    return this.getJobCountByTypes('delayed');
  }

  getActiveCount(): Promise<number> {
    return this.getJobCountByTypes('active');
  }

  getWaitingChildrenCount(): Promise<number> {
    return this.getJobCountByTypes('waiting-children');
  }

  getCompletedCount(): Promise<number> {
    return this.getJobCountByTypes('completed');
  }

  getFailedCount(): Promise<number> {
    return this.getJobCountByTypes('failed');
  }

  /** Number of waiting jobs of each priority that is asked for; 0: of none. */
  async getCountsPerPriority(priorities: readonly number[]): Promise<Record<string, number>> {
    const asked = [...new Set(priorities)];
    const counts = await this.context.engine.countsPerPriority(this.name, asked);
    return Object.fromEntries(asked.map((priority, index) => [String(priority), counts[index] ?? 0]));
  }

  // --- the rest ---

  async getJobLogs(id: string, start = 0, end = -1, ascending = true): Promise<Logs> {
    return this.context.engine.logs(this.name, id, start, end, ascending);
  }

  /** The queue's settings, as they are stored. */
  async getMeta(): Promise<{
    paused: boolean;
    concurrency?: number;
    max?: number;
    duration?: number;
    maxLenEvents?: number;
    version?: string;
  }> {
    const { paused, concurrency, rateLimit, maxLenEvents, version } = await this.context.engine.settings(this.name);
    return {
      paused,
      ...(concurrency !== undefined && { concurrency }),
      ...rateLimit,
      ...(maxLenEvents > 0 && { maxLenEvents }),
      ...(version !== undefined && { version }),
    };
  }

  async isPaused(): Promise<boolean> {
    return (await this.context.engine.settings(this.name)).paused;
  }

  /** Whether as many jobs are active as the queue's global concurrency lets. */
  async isMaxed(): Promise<boolean> {
    const { concurrency } = await this.context.engine.settings(this.name);
    return concurrency !== undefined && (await this.getActiveCount()) >= concurrency;
  }

  async getGlobalConcurrency(): Promise<number | null> {
    return (await this.context.engine.settings(this.name)).concurrency ?? null;
  }

  async getGlobalRateLimit(): Promise<RateLimit | null> {
    return (await this.context.engine.settings(this.name)).rateLimit ?? null;
  }

  /** Milliseconds until jobs are taken again; 0: they are. @param max the limit to hold it against; default: the queue's own */
  async getRateLimitTtl(max?: number): Promise<number> {
    return this.context.engine.rateLimitTtl(this.name, max);
  }

  /** The job that holds the place of a deduplication, or `null`. */
  async getDeduplicationJobId(deduplicationId: string): Promise<string | null> {
    return (await this.context.engine.deduplicationJob(this.name, deduplicationId)) ?? null;
  }

  /** Finished jobs per minute, as far as workers have the option `metrics`. */
  async getMetrics(type: 'completed' | 'failed', start = 0, end = -1): Promise<QueueMetrics> {
    const { count, prevTS, prevCount, data, points } = await this.context.engine.metrics(this.name, type, start, end);
    return { meta: { count, prevTS, prevCount }, data, count: points };
  }

  /**
   * Jobs by state, and how many have finished as far as workers have the option `metrics`, in Prometheus' text format: BullMQ's
   * names, for who has dashboards of them. `stepstream/prometheus` tells more.
   *
   * @param globalVariables labels of every line
   */
  async exportPrometheusMetrics(globalVariables: Readonly<Record<string, string>> = {}): Promise<string> {
    const [counts, completed, failed] = await Promise.all([
      this.getJobCounts(),
      this.getMetrics('completed', 0, 0),
      this.getMetrics('failed', 0, 0),
    ]);
    return bullmqText(
      this.name,
      { counts, completed: completed.meta.count, failed: failed.meta.count },
      globalVariables,
    );
  }

  /** What the store knows of the queue's workers. */
  async getWorkers(): Promise<readonly Readonly<Record<string, string>>[]> {
    return this.context.engine.clients(this.name, 'workers');
  }

  /** What Redis tells of itself, the text of its `INFO`, in a cluster of the node that has the jobs; `undefined` of the embedded engine. */
  async getRedisInfo(): Promise<string | undefined> {
    return this.context.engine.info();
  }

  async getWorkersCount(): Promise<number> {
    return (await this.getWorkers()).length;
  }

  /** What the store knows of those who hear the queue's events. */
  async getQueueEvents(): Promise<readonly Readonly<Record<string, string>>[]> {
    return this.context.engine.clients(this.name, 'events');
  }
}

function stateOf(type: JobType): JobState {
  return type === 'wait' ? 'waiting' : type;
}

/** @throws ConfigurationError */
function statesOf(types: JobType | readonly JobType[] = []): readonly JobState[] {
  const asked = typeof types === 'string' ? [types] : types;
  if (asked.length === 0) return states;
  const wrong = asked.find((type) => !states.includes(stateOf(type)));
  if (wrong === undefined) return [...new Set(asked.map(stateOf))];
  const message = `there is no state ${wrong}; there are ${states.join(', ')}`;
  throw new ConfigurationError('Nothing was looked for:', [{ code: 'INVALID_OPTION', at: 'types', message }]);
}
