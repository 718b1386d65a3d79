import type { RateLimit } from '../engine/admin.js';
import type { Finishing } from '../engine/engine.js';
import { isName, nameRule } from '../engine/names.js';
import type { KeepJobs } from '../engine/records.js';
import { ConfigurationError, type Fault } from '../errors.js';
import type { Job } from '../job/job.js';
import { keepRules } from '../job/job-options.js';
import { isRecord, optionFaults, rules, type OptionRules } from '../job/options.js';
import { storeOptionRules, type StoreOptions } from '../stores.js';
import type { ClaimLoopOptions } from './claim-loop.js';

/**
 * Milliseconds to wait before the next attempt of a job; -1: it fails for good.
 *
 * @param attemptsMade counted with the one that has just failed
 * @param type of the job's backoff
 */
export type BackoffStrategy = (attemptsMade: number, type: string, error: Error, job: Job) => number | Promise<number>;

/** Options of `new Worker`; times in milliseconds. */
export interface WorkerOptions extends StoreOptions {
  /** Noted with the jobs that it takes. */
  readonly name?: string;
  /** Begins at once. Default true. */
  readonly autorun?: boolean;
  /** Jobs at a time. Default 1. */
  readonly concurrency?: number;
  /** How many jobs of the queue are taken in a time, by all of its workers. */
  readonly limiter?: RateLimit;
  /** How long the worker's right to a job lasts unless renewed. Default 30,000. */
  readonly lockDuration?: number;
  /** Between two renewals. Default 0.3 × `lockDuration`. */
  readonly lockRenewTime?: number;
  /** Between two looks for jobs of dead workers. Default 30,000. */
  readonly stalledInterval?: number;
  /** Deaths of workers since the job last saved something that it survives. Default 1. */
  readonly maxStalledCount?: number;
  /** Leaves jobs of dead workers to the other workers. Default false. */
  readonly skipStalledCheck?: boolean;
  /** How often a job may be started, whatever for, before it fails. Default any number of times. */
  readonly maxStartedAttempts?: number;
  /** Longest time that a function may take for a job: milliseconds, or text. Default none. */
  readonly timeout?: number | string;
  /** For jobs that have no such option of their own. Default: keep all. */
  readonly removeOnComplete?: KeepJobs;
  readonly removeOnFail?: KeepJobs;
  /** Counts finished jobs per minute, for so many minutes: `queue.getMetrics`. */
  readonly metrics?: { readonly maxDataPoints: number };
  readonly settings?: { readonly backoffStrategy?: BackoffStrategy };
}

const workerOptionRules: OptionRules<WorkerOptions> = {
  ...storeOptionRules,
  name: { test: isName, expects: nameRule },
  autorun: rules.boolean,
  concurrency: rules.atLeastOne,
  limiter: { test: isLimiter, expects: '{ max, duration }, with the duration in milliseconds' },
  lockDuration: rules.period,
  lockRenewTime: rules.period,
  stalledInterval: rules.period,
  maxStalledCount: rules.count,
  skipStalledCheck: rules.boolean,
  maxStartedAttempts: rules.atLeastOne,
  timeout: rules.timeout,
  removeOnComplete: keepRules.limits,
  removeOnFail: keepRules.limits,
  metrics: {
    test: (value) => hasOnly(value, 'maxDataPoints') && rules.atLeastOne.test(value['maxDataPoints']),
    expects: '{ maxDataPoints }, a number of minutes',
  },
  settings: {
    test: (value) => hasOnly(value, 'backoffStrategy') && isFunctionOrAbsent(value['backoffStrategy']),
    expects: '{ backoffStrategy }, a function',
  },
};

function isLimiter(value: unknown): boolean {
  const known = hasOnly(value, 'max', 'duration');
  return known && rules.atLeastOne.test(value['max']) && rules.period.test(value['duration']);
}

function isFunctionOrAbsent(value: unknown): boolean {
  return value === undefined || typeof value === 'function';
}

/** What else stands there would be ignored in silence. */
function hasOnly(value: unknown, ...names: readonly string[]): value is Record<string, unknown> {
  return isRecord(value) && Object.keys(value).every((name) => names.includes(name));
}

/** @throws ConfigurationError that names all faults of a worker's arguments */
export function checkWorker(queue: unknown, processor: unknown, options: WorkerOptions): void {
  const faults: Fault[] = [];
  if (!isName(queue))
    faults.push({ code: 'INVALID_NAME', at: 'Worker', message: `the queue's name won't do: ${nameRule}` });
  if (typeof processor !== 'function') {
    const message = `the processor must be a function (job, token, signal) that returns a promise or an Observable, not ${processor === null ? 'null' : `a ${typeof processor}`}`;
    faults.push({ code: 'INVALID_OPTION', at: 'Worker', message });
  }
  faults.push(...optionFaults(options, workerOptionRules, 'Worker'));
  const { lockDuration = defaultLockDuration, lockRenewTime = 0 } = (isRecord(options) ? options : {}) as WorkerOptions;
  if (lockRenewTime >= lockDuration) {
    const message = `lockRenewTime must be below lockDuration (${lockDuration}): each lock would run out before it is renewed`;
    faults.push({ code: 'INVALID_OPTION', at: 'Worker', message });
  }
  if (faults.length > 0) throw new ConfigurationError('There is no such worker:', faults);
}

const defaultLockDuration = 30_000;

/** A lease of 10 s is renewed every 3 s. */
const renewals = 0.3;

/** What the loop needs of a worker's options. */
export function loopOptions(queue: string, options: WorkerOptions): ClaimLoopOptions {
  const { name, concurrency = 1, limiter, lockDuration = defaultLockDuration, maxStalledCount = 1 } = options;
  const finishing = finishingOf(options);
  return {
    queue,
    concurrency,
    claim: {
      lockDuration,
      ...(name !== undefined && { worker: name }),
      ...(limiter && { limiter }),
      ...(finishing && { finishing }),
    },
    renewAfter: options.lockRenewTime ?? lockDuration * renewals,
    stalledInterval: options.skipStalledCheck ? Infinity : (options.stalledInterval ?? 30_000),
    maxStalledCount,
  };
}

function finishingOf({ removeOnComplete, removeOnFail, metrics }: WorkerOptions): Finishing | undefined {
  if (!removeOnComplete && !removeOnFail && !metrics) return undefined;
  return {
    ...(removeOnComplete && { removeOnComplete }),
    ...(removeOnFail && { removeOnFail }),
    ...(metrics && { metrics: metrics.maxDataPoints }),
  };
}
