import type { Finishing } from '../engine.js';
import type { Failure, Payload } from '../records.js';
import { insert } from './adding.js';
import { leaveParent, settleInParent } from './family.js';
import { surplus } from './retention.js';
import type { Store } from './store.js';
import type { StoredJob } from './stored-job.js';

/** Stacks of failed attempts that are kept, unless the job says otherwise. */
const stackTraceLimit = 10;

export function isFinished(job: StoredJob): job is StoredJob & { state: 'completed' | 'failed' } {
  return job.state === 'completed' || job.state === 'failed';
}

/** Drops the job's checkpoint but for the cursor. */
export function complete(store: Store, job: StoredJob, result: Payload | undefined): void {
  job.seq = 0;
  job.fields.clear();
  job.returned = undefined;
  job.returnvalue = result;
  job.attemptsMade++;
  const queue = store.queue(job.queue);
  queue.emit(job, { type: 'completed', returnvalue: result, prev: queue.toFinished(job, 'completed') });
  addNext(store, job);
  settleInParent(store, job, { status: 'completed', value: result, reason: undefined });
}

export function failForGood(store: Store, job: StoredJob, failure: Failure): void {
  const { reason, code } = failure;
  noteFailure(job, failure);
  job.deferredFailure = undefined;
  const queue = store.queue(job.queue);
  queue.emit(job, { type: 'failed', reason, code, prev: queue.toFinished(job, 'failed') });
  addNext(store, job);
  settleInParent(store, job, { status: 'failed', value: undefined, reason });
}

/** The store fails a job that no worker has finished: a retry by hand gives it all its attempts anew. */
export function failFromOutside(store: Store, job: StoredJob, failure: Omit<Failure, 'stack'>): void {
  if (job.seq > 0) job.failed = { seq: job.seq, attemptsMade: job.attemptsMade };
  failForGood(store, job, { ...failure, stack: undefined });
}

export function noteFailure(job: StoredJob, { reason, code, stack }: Failure): void {
  job.failedReason = reason;
  job.failedCode = code;
  if (stack === undefined) return;
  const stacks = [...job.stacktrace, stack];
  job.stacktrace = stacks.slice(Math.max(stacks.length - (job.opts.stackTraceLimit ?? stackTraceLimit), 0));
}

/** An attempt of the job has failed for good. */
export function tellExhausted(store: Store, job: StoredJob): void {
  const { attemptsMade, opts } = job;
  if (attemptsMade < (opts.attempts ?? 1)) return;
  store.queue(job.queue).emit(job, { type: 'retries-exhausted', attemptsMade });
}

/** The job that was kept while this one was active. */
function addNext(store: Store, job: StoredJob): void {
  const queue = store.queue(job.queue);
  const next = queue.deduplications.finished(job);
  if (!next || queue.jobs.has(next.id)) return;
  queue.nextId(next.id);
  queue.deduplications.hold(next.opts.deduplication!, next.id);
  next.timestamp = Math.floor(store.clock.now());
  insert(store, next);
}

/** To be called last when a job may have finished: counts it, and removes what needn't be kept now. */
export function settle(store: Store, job: StoredJob, finishing?: Finishing): void {
  if (!isFinished(job)) return;
  const queue = store.queue(job.queue);
  const now = Math.floor(store.clock.now());
  if (finishing?.metrics !== undefined) queue.metrics[job.state].note(now, finishing.metrics);
  for (const each of surplus(job, queue.finished[job.state], now, finishing)) forget(store, each);
  if (queue.isDrained) queue.events.emit('', { type: 'drained' });
}

/** Takes a job out of the store, without a word; its parent waits for it no more. */
export function forget(store: Store, job: StoredJob): void {
  store.queue(job.queue).delete(job);
  leaveParent(store, job);
}
