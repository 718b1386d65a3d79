import { isJobId, isName, nameRule } from '../engine/names.js';
import type { ChildFailurePolicy, JobOptions } from '../engine/records.js';
import { ConfigurationError, type Fault } from '../errors.js';
import {
  isBackoff,
  isCount,
  isMilliseconds,
  isRecord,
  optionFaults,
  rules,
  type OptionRule,
  type OptionRules,
} from './options.js';

/** A type of one's own may need no delay. */
function isJobBackoff(value: unknown): boolean {
  if (!isRecord(value) || !isName(value['type'])) return rules.backoff.test(value);
  const type = value['type'];
  return isBackoff(type === 'fixed' || type === 'exponential' ? value : { delay: 0, ...value, type: 'fixed' });
}

function isKeepJobs(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { age = 0, count = 0, limit = 1, ...rest } = value;
  return isMilliseconds(age) && isCount(count) && isCount(limit) && Object.keys(rest).length === 0;
}

export const keepRules = {
  /** Of a job. */
  any: {
    test: (value: unknown) => typeof value === 'boolean' || isCount(value) || isKeepJobs(value),
    expects: 'true or false, how many to keep, or { age, count, limit } with the age in seconds',
  },
  /** Of a worker. */
  limits: { test: isKeepJobs, expects: '{ age, count, limit }, with the age in seconds' },
} as const satisfies Record<string, OptionRule>;

function isDeduplication(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, ttl = 0, extend = false, replace = false, reschedule = false, keepLastIfActive = false, ...rest } = value;
  const flags = [extend, replace, reschedule, keepLastIfActive].every(rules.boolean.test);
  return isName(id) && isCount(ttl) && flags && Object.keys(rest).length === 0;
}

function isParent(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { id, queue, group, ...rest } = value;
  const known = typeof id === 'string' && id !== '' && typeof queue === 'string' && Object.keys(rest).length === 0;
  return known && (group === undefined || isName(group));
}

function isJobTelemetry(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { metadata = '', omitContext = false, ...rest } = value;
  return typeof metadata === 'string' && typeof omitContext === 'boolean' && Object.keys(rest).length === 0;
}

export const jobOptionRules: OptionRules<JobOptions> = {
  delay: rules.milliseconds,
  priority: {
    test: (value) => isCount(value) && (value as number) <= 2_097_151,
    expects: 'a whole number from 0 to 2097151',
  },
  lifo: rules.boolean,
  attempts: rules.count,
  backoff: {
    test: isJobBackoff,
    expects: "milliseconds or { type: 'fixed', 'exponential' or a name, delay, jitter? }, with a jitter from 0 to 1",
  },
  jobId: {
    test: isJobId,
    expects: `a text that isn't an integer, nor "wait", "active" and the like (those are the queue's own); ${nameRule}`,
  },
  timestamp: { test: isMilliseconds, expects: 'milliseconds since the epoch' },
  removeOnComplete: keepRules.any,
  removeOnFail: keepRules.any,
  deduplication: {
    test: isDeduplication,
    expects: `{ id, ttl?, extend?, replace?, reschedule?, keepLastIfActive? }, with the ttl in milliseconds; ${nameRule}`,
  },
  parent: { test: isParent, expects: '{ id, queue, group? }, with the qualified name of the queue' },
  failParentOnFailure: rules.boolean,
  continueParentOnFailure: rules.boolean,
  ignoreDependencyOnFailure: rules.boolean,
  removeDependencyOnFailure: rules.boolean,
  keepLogs: rules.count,
  stackTraceLimit: rules.count,
  sizeLimit: rules.count,
  telemetry: { test: isJobTelemetry, expects: '{ metadata?, omitContext? }, a text and true or false' },
};

/** @param label what the job is called in front of its name; default `job` */
export function jobLabel(queue: string, name: unknown, label = 'job'): string {
  return `${label} ${isName(name) ? `"${name}" ` : ''}of queue "${queue}"`;
}

/** What is wrong with a job's name and options. */
export function jobFaults(name: unknown, options: JobOptions, at: string): readonly Fault[] {
  const faults = [...optionFaults(options, jobOptionRules, at), ...policyFaults(options, at)];
  if (isName(name)) return faults;
  return [{ code: 'INVALID_NAME', at, message: `the job's name won't do: ${nameRule}` }, ...faults];
}

/** What happens to a parent when its child fails is one thing. */
function policyFaults(options: JobOptions, at: string): readonly Fault[] {
  const given = Object.keys(policies).filter((flag) => options[flag as keyof JobOptions] === true);
  if (given.length < 2) return [];
  const message = `${given.join(' and ')} exclude each other: leave one`;
  return [{ code: 'INVALID_OPTION', at, message }];
}

const policies = {
  failParentOnFailure: 'fail',
  continueParentOnFailure: 'continue',
  ignoreDependencyOnFailure: 'ignore',
  removeDependencyOnFailure: 'remove',
} as const satisfies Partial<Record<keyof JobOptions, ChildFailurePolicy>>;

/** What a job's failure does to its parent. */
export function policyOf(options: JobOptions): ChildFailurePolicy {
  const flag = Object.keys(policies).find((each) => options[each as keyof JobOptions] === true);
  return flag ? policies[flag as keyof typeof policies] : 'wait';
}

/** A job's own options before its queue's: its own word on what its failure does to its parent replaces theirs. */
export function withDefaults(defaults: JobOptions | undefined, own: JobOptions | undefined): JobOptions | undefined {
  if (!defaults || !own) return own ?? defaults;
  const hasOwnPolicy = policyOf(own) !== 'wait';
  const kept = Object.entries(defaults).filter(([name]) => !(hasOwnPolicy && Object.hasOwn(policies, name)));
  return { ...Object.fromEntries(kept), ...own };
}

/** @throws ConfigurationError that names every fault of a job's name and options */
export function checkJob(queue: string, name: unknown, options: JobOptions): void {
  const faults = jobFaults(name, options, jobLabel(queue, name));
  if (faults.length > 0) throw new ConfigurationError('The job was not added:', faults);
}
