import type { NewScheduler, Repeat, SchedulerRecord } from '../admin.js';
import { nextByPattern } from '../schedules.js';
import { insert } from './adding.js';
import type { QueueState } from './queue-state.js';
import type { Scheduler } from './scheduler.js';
import type { Store } from './store.js';
import { copyOf, newStoredJob, type StoredJob } from './stored-job.js';

/** Sets up a scheduler, or changes it, and adds its next job; `undefined`: it would never add one. */
export function upsertScheduler(store: Store, queue: QueueState, made: NewScheduler): string | undefined {
  const now = Math.floor(store.clock.now());
  const { immediately, ...repeat } = made.repeat;
  if (isOver(repeat, 1, now)) return undefined;
  const old = queue.schedulers.get(made.id);
  const waiting = old && waitingNext(queue, old);
  const goesOn = old !== undefined && repeat.every !== undefined && old.repeat.every === repeat.every;
  const phase = goesOn ? old.phase : phaseOf(repeat, now);
  let next: number | undefined;
  if (repeat.every === undefined) {
    next = nextByPattern(repeat, now); // for one that can't be read, too
    if (immediately) next = now;
  } else if (!goesOn) next = firstByInterval(repeat, phase, now);
  else next = waiting ? old.next : nextByInterval(repeat.every, phase, old.next, now);
  next = freeTime(queue, made.id, repeat, next, waiting);
  if (next === undefined) return undefined;
  if (waiting) removeNext(queue, waiting);
  const scheduler: Scheduler = {
    ...made,
    opts: copyOf(made.opts),
    repeat,
    next,
    iterations: old?.iterations ?? 1,
    count: 1,
    phase,
  };
  queue.schedulers.set(made.id, scheduler);
  return addNext(store, queue, scheduler, now);
}

/** Adds the job that follows this one, which has been claimed. */
export function armScheduler(store: Store, queue: QueueState, claimed: StoredJob): void {
  const scheduler = claimed.scheduler === undefined ? undefined : queue.schedulers.get(claimed.scheduler);
  if (!scheduler || claimed.id !== jobIdOf(scheduler)) return; // it was followed already
  const { id, repeat, next: last, count, phase } = scheduler;
  const now = Math.floor(store.clock.now());
  if (isOver(repeat, count + 1, now)) return;
  const following =
    repeat.every === undefined
      ? nextByPattern(repeat, Math.max(last, now))
      : nextByInterval(repeat.every, phase, last, now);
  const next = freeTime(queue, id, repeat, following);
  if (next === undefined) return;
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
  return own !== undefined && jobIdOf(own) === id;
}

export function recordOf({ count: _count, phase: _phase, ...record }: Scheduler): SchedulerRecord {
  return record;
}

function isOver({ limit = Infinity, endDate = Infinity }: Repeat, count: number, now: number): boolean {
  return count > limit || now > endDate;
}

function phaseOf({ every = 1, offset, startDate }: Repeat, now: number): number {
  return offset || Math.max(startDate ?? now, now) % every;
}

function firstByInterval({ every = 1, offset, startDate }: Repeat, phase: number, now: number): number {
  if (startDate !== undefined) return Math.max(startDate, now);
  return offset ? alignedAfter(every, phase, now) : now;
}

/** Times that were missed are not made up for. */
function nextByInterval(every: number, phase: number, last: number, now: number): number {
  return last + every < now ? alignedAfter(every, phase, now) : last + every;
}

function alignedAfter(every: number, phase: number, now: number): number {
  const aligned = Math.floor(now / every) * every + phase;
  return aligned > now ? aligned : aligned + every;
}

/** The first of its times at which there is no job yet: an earlier scheduler of that id may have left some. */
function freeTime(
  queue: QueueState,
  id: string,
  repeat: Repeat,
  from: number | undefined,
  replaced?: StoredJob,
): number | undefined {
  for (let next = from; next !== undefined;) {
    const taken = queue.jobs.get(jobIdOf({ id, next }));
    if (!taken || taken === replaced) return next;
    next = repeat.every === undefined ? nextByPattern(repeat, next) : next + repeat.every;
  }
  return undefined;
}

function jobIdOf({ id, next }: Pick<Scheduler, 'id' | 'next'>): string {
  return `repeat:${id}:${next}`;
}

/** Its next job, if that has not begun. */
function waitingNext(queue: QueueState, scheduler: Scheduler): StoredJob | undefined {
  const job = queue.jobs.get(jobIdOf(scheduler));
  return job && ['waiting', 'prioritized', 'delayed'].includes(job.state) ? job : undefined;
}

function removeNext(queue: QueueState, job: StoredJob): void {
  const prev = job.state;
  queue.delete(job);
  queue.emit(job, { type: 'removed', prev });
}

function addNext(store: Store, queue: QueueState, scheduler: Scheduler, now: number): string {
  const { id, name, data, opts, next } = scheduler;
  const jobId = jobIdOf(scheduler);
  const delay = Math.max(next - now, 0);
  const job = newStoredJob({ queue: queue.name, name, data, opts: { ...opts, jobId, delay }, timestamp: now });
  job.scheduler = id;
  queue.nextId(jobId);
  insert(store, job);
  return jobId;
}
