import { JobCancelledError } from '../../errors.js';
import type { Administration } from '../admin.js';
import type { JobState } from '../records.js';
import type { QueueState } from './queue-state.js';
import type { Store } from './store.js';
import { recordOf, type StoredJob } from './stored-job.js';

const states = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'waiting-children',
  'completed',
  'failed',
] as const satisfies readonly JobState[];

/** The embedded engine's administration. */
export function administration(store: Store): Administration {
  return {
    retry(name, id) {
      const queue = store.queue(name);
      const job = queue.jobs.get(id);
      if (!job || !isFinished(job)) return false;
      const prev = job.state;
      job.finishedOn = undefined;
      job.processedOn = undefined;
      job.returnvalue = undefined;
      job.failedReason = undefined;
      job.failedCode = undefined;
      job.stallBase = job.stalledCounter;
      queue.toReady(job, 'tail', prev);
      store.parentOf(job)?.children?.reopen(name, id);
      return true;
    },

    promote(name, id) {
      const queue = store.queue(name);
      const job = queue.jobs.get(id);
      if (job?.state !== 'delayed') return false;
      queue.toReady(job, job.cursor === undefined ? 'tail' : 'head', 'delayed');
      return true;
    },

    changeDelay(name, id, due) {
      const queue = store.queue(name);
      const job = queue.jobs.get(id);
      if (job?.state !== 'delayed') return false;
      queue.toDelayed(job, due);
      return true;
    },

    updateData(name, id, data) {
      const job = store.job(name, id);
      if (job) job.data = data;
      return job !== undefined;
    },

    cancel(name, id, reason) {
      const job = store.job(name, id);
      if (!job || isFinished(job)) return false;
      cancel(store, job, reason);
      return true;
    },

    remove(name, id) {
      const job = store.job(name, id);
      if (!job || holdsActive(store, job)) return false;
      remove(store, job);
      const parent = store.parentOf(job);
      if (parent?.children?.remove(name, id)) store.wakeIfSettled(parent);
      return true;
    },

    pause: (name) => store.queue(name).pause(),
    resume: (name) => store.queue(name).resume(),

    counts(name) {
      const queue = store.queue(name);
      const counts = Object.fromEntries(states.map((state) => [state, 0])) as Record<JobState, number>;
      for (const job of queue.jobs.values()) counts[job.state]++;
      return counts;
    },

    list(name, state, start = 0, end = -1) {
      const queue = store.queue(name);
      const jobs = inOrder(queue, state);
      return jobs
        .slice(start, end < 0 ? jobs.length + end + 1 : end + 1)
        .map((job) => recordOf(job, queue.events.lastId));
    },

    clean(name, state, age, limit) {
      const queue = store.queue(name);
      const oldest = store.clock.now() - age;
      const old = [...queue.finished[state]].filter((job) => job.finishedOn! <= oldest).slice(0, limit);
      for (const job of old) queue.delete(job);
      return old.map((job) => job.id);
    },
  };
}

function isFinished(job: StoredJob): job is StoredJob & { state: 'completed' | 'failed' } {
  return job.state === 'completed' || job.state === 'failed';
}

/** The parent first: it must not be woken by the end of its children. */
function cancel(store: Store, job: StoredJob, reason: string): void {
  const { message, code } = new JobCancelledError(reason);
  const queue = store.queue(job.queue);
  if (job.seq > 0) job.seq++; // a write of its own: what the last one said of the job's sleep is over
  store.failForGood(job, queue, { reason: message, code, stack: undefined });
  store.keep(job, queue);
  for (const child of childrenOf(store, job)) if (!isFinished(child)) cancel(store, child, reason);
}

function remove(store: Store, job: StoredJob): void {
  const queue = store.queue(job.queue);
  queue.delete(job);
  queue.emit(job, { type: 'removed' });
  for (const child of childrenOf(store, job)) if (!isFinished(child)) remove(store, child);
}

function holdsActive(store: Store, job: StoredJob): boolean {
  return job.state === 'active' || childrenOf(store, job).some((child) => holdsActive(store, child));
}

/** Not a job that was added later under the id of a child that is gone. */
function childrenOf(store: Store, { queue, id, children }: StoredJob): readonly StoredJob[] {
  const jobs = (children?.list() ?? []).map((child) => store.job(child.queue, child.id));
  return jobs.filter((child) => child?.parent?.id === id && child.parent.queue === queue) as StoredJob[];
}

function inOrder(queue: QueueState, state: JobState): readonly StoredJob[] {
  if (state === 'completed' || state === 'failed') return [...queue.finished[state]].reverse();
  return queue.inOrder().filter((job) => job.state === state);
}
