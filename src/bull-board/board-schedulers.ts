import type { AppJobScheduler, JobSchedulerRepeatOptions, JobSchedulerUpdateResult } from '@bull-board/api/typings/app';
import { ConfigurationError, type Job, type JobScheduler, type Queue } from '../index.js';
import type { BoardJob } from './board-job.js';

/** A job scheduler as bull-board shows it. */
export type BoardScheduler = Omit<AppJobScheduler, 'queueName'>;

export async function boardSchedulers(queue: Queue): Promise<BoardScheduler[]> {
  const schedulers = await queue.getJobSchedulers(0, -1, true);
  return Promise.all(schedulers.map((scheduler) => boardScheduler(queue, scheduler)));
}

async function boardScheduler(queue: Queue, scheduler: JobScheduler): Promise<BoardScheduler> {
  const { key, name, pattern, every, tz, limit, startDate, endDate, iterationCount, template } = scheduler;
  return {
    id: key,
    name,
    ...definedOf({ pattern, every, tz, limit, startDate, endDate }),
    iterationCount,
    ...(template && { template: { ...template } }),
    ...(await runsOf(queue, scheduler)),
  };
}

/** The scheduler whose next job this is: that one can't be removed by itself. */
export async function schedulerAwaiting(
  queue: Queue,
  { id, repeatJobKey, finishedOn }: Pick<BoardJob, 'id' | 'repeatJobKey' | 'finishedOn'>,
): Promise<string | null> {
  if (repeatJobKey === undefined || finishedOn !== undefined) return null;
  const scheduler = await queue.getJobScheduler(repeatJobKey);
  return scheduler && runId(repeatJobKey, scheduler.next) === id ? repeatJobKey : null;
}

/** Changes when it adds its jobs; what they are made of stays, and when it begins, for which the page has no field. */
export async function reschedule(
  queue: Queue,
  id: string,
  repeat: JobSchedulerRepeatOptions,
): Promise<JobSchedulerUpdateResult> {
  const scheduler = await queue.getJobScheduler(id);
  if (!scheduler) return 'not-found';
  const { name, startDate, template } = scheduler;
  try {
    const next = await queue.upsertJobScheduler(id, { ...definedOf({ startDate }), ...repeat }, { name, ...template });
    return next ? 'updated' : 'invalid-schedule';
  } catch (error) {
    if (error instanceof ConfigurationError && repeat.pattern !== undefined) return 'invalid-schedule';
    throw error;
  }
}

/** Adds a job of the scheduler's now, beside its next one. */
export async function runNow(queue: Queue, id: string): Promise<Job | undefined> {
  const scheduler = await queue.getJobScheduler(id);
  return scheduler && queue.add(scheduler.name, scheduler.template?.data, scheduler.template?.opts);
}

type Runs = Pick<BoardScheduler, 'next' | 'nextRunJobId' | 'lastRun' | 'lastRunJobId'>;

/** Its next job is added when a worker takes the one before: so it tells when that was. */
async function runsOf(queue: Queue, { key, every, next, iterationCount }: JobScheduler): Promise<Runs> {
  const pending = await queue.getJob(runId(key, next));
  if (!pending) return {};
  if (pending.processedOn !== undefined) return { lastRun: pending.processedOn, lastRunJobId: pending.id }; // none follows
  if (iterationCount < 2) return { next, nextRunJobId: pending.id };
  const last = every === undefined ? undefined : await queue.getJob(runId(key, next - every));
  return { next, nextRunJobId: pending.id, lastRun: pending.timestamp, ...(last && { lastRunJobId: last.id }) };
}

function runId(scheduler: string, due: number): string {
  return `repeat:${scheduler}:${due}`;
}

function definedOf<T extends object>(members: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;
}
