import { isJobId, isName, nameRule } from '../engine/names.js';
import type { JobOptions } from '../engine/records.js';
import { ConfigurationError, type Fault } from '../errors.js';

/** Whether a value will do for an option, and what would. */
export interface OptionRule {
  readonly test: (value: unknown) => boolean;
  readonly expects: string;
}

/** The rules of one options object, by option name. */
export type OptionRules<T> = { readonly [K in keyof Required<T>]: OptionRule };

const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
const isMilliseconds = (value: unknown): boolean => typeof value === 'number' && Number.isFinite(value) && value >= 0;

export const rules = {
  count: { test: isCount, expects: 'a whole number from 0 up' },
  atLeastOne: { test: (value: unknown) => isCount(value) && value !== 0, expects: 'a whole number from 1 up' },
  milliseconds: { test: isMilliseconds, expects: 'milliseconds, a number from 0 up' },
  /** Of the store's locks and timers, which know no fractions. */
  period: {
    test: (value: unknown) => isCount(value) && value !== 0,
    expects: 'milliseconds, a whole number from 1 up',
  },
  boolean: { test: (value: unknown) => typeof value === 'boolean', expects: 'true or false' },
  backoff: {
    test: (value: unknown) => isMilliseconds(value) || isBackoff(value),
    expects: "milliseconds or { type: 'fixed' | 'exponential', delay, jitter? }, with a jitter from 0 to 1",
  },
} as const satisfies Record<string, OptionRule>;

function isBackoff(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { type, delay, jitter = 0, ...rest } = value;
  const known = (type === 'fixed' || type === 'exponential') && Object.keys(rest).length === 0;
  return known && isMilliseconds(delay) && isMilliseconds(jitter) && (jitter as number) <= 1;
}

function isKeepJobs(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { age = 0, count = 0, ...rest } = value;
  return isMilliseconds(age) && isCount(count) && Object.keys(rest).length === 0;
}

const keep: OptionRule = {
  test: (value) => typeof value === 'boolean' || isCount(value) || isKeepJobs(value),
  expects: 'true or false, how many to keep, or { age, count } with the age in seconds',
};

const jobOptionRules: OptionRules<JobOptions> = {
  delay: rules.milliseconds,
  priority: {
    test: (value) => isCount(value) && (value as number) <= 2_097_151,
    expects: 'a whole number from 0 to 2097151',
  },
  lifo: rules.boolean,
  attempts: rules.count,
  backoff: rules.backoff,
  jobId: {
    test: isJobId,
    expects: `a text that isn't an integer, nor "wait", "active" and the like (those are the queue's own); ${nameRule}`,
  },
  timestamp: { test: isMilliseconds, expects: 'milliseconds since the epoch' },
  removeOnComplete: keep,
  removeOnFail: keep,
};

/** What is wrong with an options object; an option that is undefined counts as absent. */
export function optionFaults<T extends object>(options: T, allowed: OptionRules<T>, at: string): readonly Fault[] {
  if (!isRecord(options)) return [{ code: 'INVALID_OPTION', at, message: 'the options must be an object' }];
  return Object.entries(options).flatMap(([name, value]): readonly Fault[] => {
    // an own member only: there is no option "constructor"
    if (!Object.hasOwn(allowed, name)) {
      const message = `there is no option "${name}"; there are ${Object.keys(allowed).join(', ')}`;
      return [{ code: 'UNKNOWN_OPTION', at, message }];
    }
    const { test, expects } = allowed[name as keyof T];
    if (value === undefined || test(value)) return [];
    return [{ code: 'INVALID_OPTION', at, message: `${name} must be ${expects}` }];
  });
}

/** An object with options, not a list; what it holds is unknown. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// --- jobs ---

/** @param label what the job is called in front of its name; default `job` */
export function jobLabel(queue: string, name: unknown, label = 'job'): string {
  return `${label} ${isName(name) ? `"${name}" ` : ''}of queue "${queue}"`;
}

/** What is wrong with a job's name and options. */
export function jobFaults(name: unknown, options: JobOptions, at: string): readonly Fault[] {
  const faults = optionFaults(options, jobOptionRules, at);
  if (isName(name)) return faults;
  return [{ code: 'INVALID_NAME', at, message: `the job's name won't do: ${nameRule}` }, ...faults];
}

/** @throws ConfigurationError that names every fault of a job's name and options */
export function checkJob(queue: string, name: unknown, options: JobOptions): void {
  const faults = jobFaults(name, options, jobLabel(queue, name));
  if (faults.length > 0) throw new ConfigurationError('The job was not added:', faults);
}
