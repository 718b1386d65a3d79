import { JobCancelledError } from '../../errors.js';
import type { Administration, RetryOptions } from '../admin.js';
import { failFromOutside, isFinished, settle } from './ending.js';
import { childrenOf, leaveParent, parentOf } from './family.js';
import { clearLogs } from './logs.js';
import { remove, removeUnprocessedChildren } from './removing.js';
import type { Store } from './store.js';
import type { StoredJob } from './stored-job.js';
import { isHeldBy, proveNoOther, tellProgress } from './writing.js';

export type JobAdministration = Pick<
  Administration,
  | 'retry'
  | 'promote'
  | 'changeDelay'
  | 'changePriority'
  | 'updateData'
  | 'updateProgress'
  | 'cancel'
  | 'remove'
  | 'removeUnprocessedChildren'
  | 'removeChildDependency'
  | 'clearLogs'
>;

/** What is done to one job from outside. */
export function jobAdministration(store: Store): JobAdministration {
  return {
    retry(queue, id, options) {
      const job = store.job(queue, id);
      return job !== undefined && retry(store, job, options);
    },

    promote(queue, id) {
      const job = store.job(queue, id);
      return job !== undefined && promote(store, job);
    },

    changeDelay(name, id, due) {
      const job = store.job(name, id);
      if (job?.state !== 'delayed') return false;
      store.queue(name).toDelayed(job, due);
      return true;
    },

    changePriority(name, id, priority, lifo) {
      const job = store.job(name, id);
      if (!job) return false;
      job.priority = priority;
      if (job.state === 'waiting' || job.state === 'prioritized')
        store.queue(name).reorder(job, lifo ? 'head' : 'tail');
      return true;
    },

    updateData: (queue, id, data, token) =>
      update(store, queue, id, token, (job) => {
        job.data = data;
      }),

    updateProgress: (queue, id, progress, token) =>
      update(store, queue, id, token, (job) => tellProgress(store, job, progress)),

    cancel(queue, id, reason) {
      const job = store.job(queue, id);
      if (!job || isFinished(job)) return false;
      cancel(store, job, reason);
      return true;
    },

    remove: (queue, id, withChildren = true) => remove(store, queue, id, withChildren),

    removeUnprocessedChildren: (queue, id) => removeUnprocessedChildren(store, queue, id),

    removeChildDependency(queue, id) {
      const job = store.job(queue, id);
      if (!job || !leaveParent(store, job)) return false;
      job.parent = undefined;
      return true;
    },

    clearLogs: (queue, id, keep) => clearLogs(store, queue, id, keep),
  };
}

export function retry(store: Store, job: StoredJob, options: RetryOptions = {}): boolean {
  if (!isFinished(job) || (options.state ?? job.state) !== job.state) return false;
  const prev = job.state;
  job.finishedOn = undefined;
  job.processedOn = undefined;
  job.returnvalue = undefined;
  job.failedReason = undefined;
  job.failedCode = undefined;
  job.stallBase = job.stalledCounter;
  if (options.resetAttemptsMade) job.attemptsMade = 0;
  if (options.resetAttemptsStarted) job.attemptsStarted = 0;
  store.queue(job.queue).toReady(job, job.opts.lifo ? 'head' : 'tail', prev);
  parentOf(store, job)?.children?.reopen(job.queue, job.id);
  return true;
}

export function promote(store: Store, job: StoredJob): boolean {
  if (job.state !== 'delayed') return false;
  store.queue(job.queue).toReady(job, job.cursor === undefined ? 'tail' : 'head', 'delayed');
  return true;
}

/** @param token of the activation that writes: its stalls count anew */
function update(
  store: Store,
  queue: string,
  id: string,
  token: string | undefined,
  change: (job: StoredJob) => void,
): boolean {
  const job = store.job(queue, id);
  if (!job) return false;
  proveNoOther(store, job, token);
  if (token !== undefined && isHeldBy(store, job, token)) job.stallBase = job.stalledCounter;
  change(job);
  return true;
}

/** The parent first: it must not be woken by the end of its children. */
function cancel(store: Store, job: StoredJob, reason: string): void {
  const { message, code } = new JobCancelledError(reason);
  if (job.seq > 0) job.seq++; // a write of its own: what the last one said of the job's sleep is over
  failFromOutside(store, job, { reason: message, code });
  settle(store, job);
  for (const child of childrenOf(store, job)) if (!isFinished(child)) cancel(store, child, reason);
}
