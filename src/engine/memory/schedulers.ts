import { JobStateError } from '../../errors.js';
import type { NewScheduler, Repeat, SchedulerRecord } from '../admin.js';
import { nextByPattern, timesByPattern } from '../schedules.js';
import { insert } from './adding.js';
import { intervalsFrom, nextOfInterval } from './intervals.js';
import type { QueueState } from './queue-state.js';
import type { Scheduler } from './scheduler.js';
import type { Store } from './store.js';
import { copyOf, newStoredJob, type StoredJob } from './stored-job.js';

/**
 * Sets up a scheduler, or changes it, and adds its next job; `undefined`: it would never add one.
 *
 * @throws JobStateError when there are jobs of too many of its times
 */
export function upsertScheduler(store: Store, queue: QueueState, made: NewScheduler): string | undefined {
  const now = Math.floor(store.clock.now());
  const { immediately, offset, ...repeat } = made.repeat;
  const given: Repeat = { ...repeat, ...(repeat.every && offset && { offset }) };
  if (isOver(given, 1, now)) return undefined;
  const old = queue.schedulers.get(made.id);
  const replaced = old && waitingNext(queue, old);
  const times = given.every ? firstTimes(given, old, replaced, now) : firstByPattern(given, immediately, now);
  const next = firstFree(queue, made.id, times, replaced);
  if (next === undefined) return undefined;
  if (next === 'taken') {
    throw new JobStateError(
      `job scheduler "${made.id}" of queue ${queue.name} was not changed: there are jobs already by the ids of its next ones`,
    );
  }
  if (replaced) removeNext(queue, replaced);
  const phase = given.offset ?? (replaced ? (old?.repeat.offset ?? 0) : given.every ? next % given.every : 0);
  const scheduler: Scheduler = {
    ...made,
    opts: copyOf(made.opts),
    repeat: { ...given, offset: phase },
    given,
    next,
    iterations: old?.iterations ?? 1,
    count: 1,
  };
  queue.schedulers.set(made.id, scheduler);
  return addNext(store, queue, scheduler, now);
}

/** Adds the job that follows this one, which has been claimed. */
export function armScheduler(store: Store, queue: QueueState, claimed: StoredJob): void {
  const scheduler = claimed.scheduler === undefined ? undefined : queue.schedulers.get(claimed.scheduler);
  if (!scheduler || claimed.id !== jobIdOf(scheduler.id, scheduler.next)) return; // it was followed already
  const { id, repeat, next: last, count } = scheduler;
  const now = Math.floor(store.clock.now());
  if (isOver(repeat, count + 1, now)) return;
  const times = repeat.every
    ? intervalsFrom(nextOfInterval({ ...repeat, every: repeat.every }, last, now), repeat.every)
    : timesByPattern(repeat, Math.max(last, now));
  const next = firstFree(queue, id, times);
  if (next === undefined || next === 'taken') return;
  scheduler.next = next;
  scheduler.count++;
  scheduler.iterations++;
  addNext(store, queue, scheduler, now);
}

/** Removes a scheduler, and its next job; answers whether it was there. */
export function removeScheduler(queue: QueueState, id: string): boolean {
  const scheduler = queue.schedulers.get(id);
  const waiting = scheduler && waitingNext(queue, scheduler);
  if (waiting) removeNext(queue, waiting);
  return queue.schedulers.delete(id);
}

/** Whether the job is the next one of a scheduler: it goes with that only. */
export function isNext(queue: QueueState, { id, scheduler, state }: StoredJob): boolean {
  if (scheduler === undefined || state === 'completed' || state === 'failed') return false;
  const own = queue.schedulers.get(scheduler);
  return own !== undefined && jobIdOf(own.id, own.next) === id;
}

export function recordOf({ given: _given, count: _count, ...record }: Scheduler): SchedulerRecord {
  return record;
}

function isOver({ limit = Infinity, endDate = Infinity }: Repeat, count: number, now: number): boolean {
  return count > limit || now > endDate;
}

/** One that goes on in its step keeps the time of the job that it replaces. */
function firstTimes(
  { every = 0, ...repeat }: Repeat,
  old: Scheduler | undefined,
  replaced: StoredJob | undefined,
  now: number,
): Iterable<number> {
  const before = old?.repeat.every === every ? old.next : undefined;
  const keeps = replaced && before !== undefined;
  return intervalsFrom(keeps ? before : nextOfInterval({ every, ...repeat }, before, now), every);
}

function* firstByPattern(repeat: Repeat, immediately: boolean | undefined, now: number): Generator<number> {
  nextByPattern(repeat, now); // can it be read?
  if (immediately) yield now;
  yield* timesByPattern(repeat, now);
}

/** The first of the times at which there is no job yet; `undefined` when there are no times, `taken` when there is one at each. */
function firstFree(
  queue: QueueState,
  scheduler: string,
  times: Iterable<number>,
  replaced?: StoredJob,
): number | 'taken' | undefined {
  let none: 'taken' | undefined;
  for (const time of times) {
    const job = queue.jobs.get(jobIdOf(scheduler, time));
    if (!job || job === replaced) return time;
    none = 'taken';
  }
  return none;
}

function jobIdOf(scheduler: string, time: number): string {
  return `repeat:${scheduler}:${time}`;
}

/** Its next job, if that has not begun. */
function waitingNext(queue: QueueState, { id, next }: Scheduler): StoredJob | undefined {
  const job = queue.jobs.get(jobIdOf(id, next));
  return job && ['waiting', 'prioritized', 'delayed'].includes(job.state) ? job : undefined;
}

function removeNext(queue: QueueState, job: StoredJob): void {
  const prev = job.state;
  queue.delete(job);
  queue.emit(job, { type: 'removed', prev });
}

function addNext(store: Store, queue: QueueState, scheduler: Scheduler, now: number): string {
  const { id, name, data, opts, next, given, count } = scheduler;
  const jobId = jobIdOf(id, next);
  const delay = Math.max(next - now, 0);
  const carried = { repeat: { ...given, count }, ...(!given.every && { prevMillis: next }) }; // as BullMQ's jobs
  const made = { ...opts, ...carried, jobId, delay, timestamp: now };
  const job = newStoredJob({ queue: queue.name, name, data, opts: made, timestamp: now });
  job.scheduler = id;
  queue.nextId(jobId);
  insert(store, job);
  return jobId;
}
