import type { NewScheduler, Repeat, SchedulerRecord } from '../engine/admin.js';
import { isName, nameRule } from '../engine/names.js';
import type { JobOptions } from '../engine/records.js';
import { loadPatterns, nextByPattern } from '../engine/schedules.js';
import { ConfigurationError, type Fault } from '../errors.js';
import { failureOf } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { jobFaults } from '../job/job-options.js';
import { isRecord, optionFaults, rules, type OptionRules } from '../job/options.js';

type Time = Date | number | string;

/** When a job scheduler adds its jobs: by a cron `pattern`, or `every` so many milliseconds. */
export interface RepeatOptions {
  /** Of five fields, or six with seconds in front. */
  readonly pattern?: string;
  /** Milliseconds. */
  readonly every?: number;
  /** The pattern's time zone, such as `Europe/Vienna`. Default: the process's. */
  readonly tz?: string;
  /** How many jobs it adds at most. */
  readonly limit?: number;
  readonly startDate?: Time;
  readonly endDate?: Time;
  /** Milliseconds that the jobs of `every` come after its multiples. */
  readonly offset?: number;
  /** The first job of a pattern is added now. */
  readonly immediately?: boolean;
}

/** What the jobs of a scheduler are made of. */
export interface JobTemplate<Data = any> {
  /** Default: the scheduler's id. */
  readonly name?: string;
  readonly data?: Data;
  readonly opts?: Omit<JobOptions, 'jobId' | 'delay' | 'deduplication' | 'parent'>;
}

/** A job scheduler as it is stored; times in milliseconds since the epoch. */
export interface JobScheduler<Data = any> extends Repeat {
  readonly key: string;
  readonly name: string;
  /** When its next job is due. */
  readonly next: number;
  /** Jobs that it has added. */
  readonly iterationCount: number;
  readonly template?: { readonly data?: Data; readonly opts?: JobOptions };
}

const time = { test: (value: unknown) => Number.isFinite(timeOf(value as Time)), expects: 'a Date, or a time' };

const repeatRules: OptionRules<RepeatOptions> = {
  pattern: { test: (value) => typeof value === 'string' && value !== '', expects: 'a cron pattern' },
  every: rules.period,
  tz: { test: isTimeZone, expects: 'a time zone, such as Europe/Vienna' },
  limit: rules.atLeastOne,
  startDate: time,
  endDate: time,
  offset: rules.milliseconds,
  immediately: rules.boolean,
};

const templateRules: OptionRules<JobTemplate> = {
  name: { test: isName, expects: nameRule },
  data: { test: () => true, expects: 'anything' },
  opts: { test: isRecord, expects: "an object: the jobs' options" },
};

function isTimeZone(value: unknown): boolean {
  if (typeof value !== 'string') return false;
  try {
    new Intl.DateTimeFormat('en', { timeZone: value }).format();
    return true;
  } catch {
    return false;
  }
}

/** @throws ConfigurationError that names all faults, among them a pattern that can't be read or is never met */
export async function newScheduler(
  context: JobContext,
  queue: string,
  id: string,
  repeat: RepeatOptions,
  template: JobTemplate,
): Promise<NewScheduler> {
  const at = `job scheduler ${isName(id) ? `"${id}" ` : ''}of queue "${queue}"`;
  const faults: Fault[] = [...optionFaults(repeat, repeatRules, at), ...optionFaults(template, templateRules, at)];
  if (!isName(id)) faults.unshift({ code: 'INVALID_NAME', at, message: `its id won't do: ${nameRule}` });
  if (faults.length === 0) {
    faults.push(
      ...jobFaults('any', template.opts ?? {}, at),
      ...schedulersFaults(template, at),
      ...choiceFaults(repeat, at),
    );
  }
  const times = timesOf(isRecord(repeat) ? repeat : {});
  if (faults.length === 0 && times.pattern !== undefined) faults.push(...(await patternFaults(context, times, at)));
  if (faults.length > 0) throw new ConfigurationError('The job scheduler was not set up:', faults);
  const { name = id, data, opts = {} } = template;
  return { id, repeat: times, name, data: context.payloads.encode(data, () => `the data of the ${at}`), opts };
}

/** What a scheduler gives its jobs itself. */
function schedulersFaults({ opts = {} }: JobTemplate, at: string): readonly Fault[] {
  const own = ['jobId', 'delay', 'deduplication', 'parent'].filter((option) => option in opts);
  return own.map((option) => ({
    code: 'INVALID_OPTION',
    at,
    message: `${option} is for the scheduler to say: leave it out`,
  }));
}

function choiceFaults({ pattern, every, immediately, startDate }: RepeatOptions, at: string): readonly Fault[] {
  const faults: Fault[] = [];
  const refuse = (message: string): void => void faults.push({ code: 'INVALID_OPTION', at, message });
  if (pattern !== undefined && every !== undefined) refuse('pattern and every exclude each other: leave one');
  if (pattern === undefined && every === undefined) refuse('it needs a pattern or every');
  if (immediately && startDate !== undefined) refuse('immediately and startDate exclude each other: leave one');
  return faults;
}

async function patternFaults(context: JobContext, repeat: Repeat, at: string): Promise<readonly Fault[]> {
  await loadPatterns();
  try {
    if (nextByPattern(repeat, context.engine.clock.now()) !== undefined) return [];
    return [
      { code: 'INVALID_OPTION', at, message: `the pattern "${repeat.pattern}" is never met: no job would be added` },
    ];
  } catch (error) {
    const message = `the pattern "${repeat.pattern}" can't be read: ${failureOf(error).reason}`;
    return [{ code: 'INVALID_OPTION', at, message }];
  }
}

function timesOf({ startDate, endDate, ...repeat }: RepeatOptions): Repeat {
  return {
    ...repeat,
    ...(startDate !== undefined && { startDate: timeOf(startDate) }),
    ...(endDate !== undefined && { endDate: timeOf(endDate) }),
  };
}

function timeOf(value: Time): number {
  return new Date(value).getTime();
}

/** A scheduler for its owner. */
export function publicScheduler(context: JobContext, record: SchedulerRecord): JobScheduler {
  const { id, repeat, name, next, iterations, opts } = record;
  const data = context.payloads.decode(record.data);
  const template = { ...(data !== undefined && { data }), ...(Object.keys(opts).length > 0 && { opts }) };
  return {
    key: id,
    name,
    ...repeat,
    next,
    iterationCount: iterations,
    ...(Object.keys(template).length > 0 && { template }),
  };
}
