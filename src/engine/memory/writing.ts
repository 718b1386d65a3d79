import { JobCancelledError, LeaseLostError } from '../../errors.js';
import type { Lease, Write } from '../records.js';
import { add } from './adding.js';
import { settle } from './ending.js';
import type { QueueState } from './queue-state.js';
import type { Store } from './store.js';
import type { StoredJob } from './stored-job.js';

/** Proves lease and number, then writes; what was written already is answered as the first time. */
export function write<A>(
  store: Store,
  lease: Lease,
  content: Write,
  transition: (job: StoredJob, queue: QueueState) => A,
): A {
  const queue = store.queue(lease.queue);
  const job = queue.jobs.get(lease.jobId);
  const last = store.lastOfRemoved(lease.token) ?? job?.last;
  if (last?.token === lease.token && last.seq === content.seq) return last.answer as A;
  if (job?.lock?.token !== lease.token || job.lock.until <= store.clock.now()) throw refusal(lease, job);
  if (content.seq !== job.seq + 1) {
    throw new LeaseLostError(`write ${content.seq} of job ${lease.jobId} doesn't follow the stored ${job.seq}`);
  }
  const { finishing } = job.lock;
  const answer = transition(job, queue);
  if (answer === 'failed-children') return answer; // nothing was written
  job.last = { token: lease.token, seq: content.seq, answer };
  settle(store, job, finishing);
  if (queue.jobs.get(job.id) !== job) store.rememberRemoved(job.last);
  return answer;
}

export function save(store: Store, job: StoredJob, { children = [], ...content }: Write): void {
  add(store, children); // first: a child that can't be added leaves nothing written
  job.seq = content.seq;
  job.stallBase = job.stalledCounter;
  if (content.cursor !== undefined) job.cursor = content.cursor;
  content.fields?.forEach((value, field) => (value === null ? job.fields.delete(field) : job.fields.set(field, value)));
  if (content.progress !== undefined) tellProgress(store, job, content.progress);
}

export function tellProgress(store: Store, job: StoredJob, data: string): void {
  job.progress = data;
  store.queue(job.queue).emit(job, { type: 'progress', data });
}

export function isHeldBy(store: Store, { lock }: StoredJob, token: string): boolean {
  return lock?.token === token && lock.until > store.clock.now();
}

/** Of what an activation does to its job beside its writes. @throws LeaseLostError when another holds the job */
export function proveNoOther(store: Store, job: StoredJob, token: string | undefined): void {
  if (token === undefined || !job.lock || job.lock.token === token || job.lock.until <= store.clock.now()) return;
  throw refusal({ queue: job.queue, jobId: job.id, token }, job);
}

function refusal({ queue, jobId }: Lease, job: StoredJob | undefined): LeaseLostError | JobCancelledError {
  if (job?.state === 'failed' && job.failedCode === 'JOB_CANCELLED')
    return new JobCancelledError(job.failedReason ?? '');
  return new LeaseLostError(`another worker may hold job ${jobId} of queue ${queue}: nothing was written`);
}
