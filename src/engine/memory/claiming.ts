import type { Claimed, ClaimOptions } from '../engine.js';
import { failForGood, settle, tellExhausted } from './ending.js';
import type { QueueState } from './queue-state.js';
import { armScheduler } from './schedulers.js';
import type { Store } from './store.js';
import { recordOf, type StoredJob } from './stored-job.js';

/** Takes jobs that are ready, each under a lease of its own. */
export function claim(
  store: Store,
  queue: QueueState,
  options: ClaimOptions,
  newToken: () => string,
): readonly Claimed[] {
  const { lockDuration, limiter, finishing, worker } = options;
  const claimed: Claimed[] = [];
  if (options.limit <= 0) return claimed;
  const now = store.clock.now();
  queue.promoteDue();
  if (queue.isPaused) return claimed;
  const room = queue.limits.room(options.limit, queue.active.size, limiter, now);
  while (claimed.length < room) {
    const job = queue.take();
    if (!job) break;
    const token = newToken();
    job.lock = { token, until: now + lockDuration, finishing };
    job.processedOn = Math.floor(now);
    job.attemptsStarted++;
    if (worker !== undefined) job.processedBy = worker;
    queue.emit(job, { type: 'active', prev: 'waiting' }); // BullMQ's word for all that is ready
    if (job.deferredFailure !== undefined) failWithChild(store, job, job.deferredFailure);
    else claimed.push({ job: recordOf(job, queue.events.lastId), lease: { queue: queue.name, jobId: job.id, token } });
    if (job.scheduler !== undefined) armScheduler(store, queue, job);
  }
  queue.limits.count(claimed.length, limiter, now);
  queue.watchers.arm();
  return claimed;
}

/** A job that was added with its children, of which one has failed: it doesn't run. */
function failWithChild(store: Store, job: StoredJob, reason: string): void {
  const { finishing } = job.lock!;
  job.attemptsMade++;
  failForGood(store, job, { reason, code: 'CHILD_FAILED', stack: `UnrecoverableError: ${reason}` });
  tellExhausted(store, job);
  settle(store, job, finishing);
}
