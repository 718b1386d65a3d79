import type { RemoveAnswer } from '../admin.js';
import type { JobState } from '../records.js';
import { forget, isFinished } from './ending.js';
import { childrenOf, leaveParent, wakeIfSettled } from './family.js';
import type { QueueState } from './queue-state.js';
import { isNext } from './schedulers.js';
import type { Store } from './store.js';
import type { StoredJob } from './stored-job.js';

export function remove(store: Store, queue: string, id: string, withChildren: boolean): RemoveAnswer {
  const job = store.job(queue, id);
  if (!job) return 'missing';
  if (withChildren ? holdsActive(store, job) : job.state === 'active') return 'active';
  if (isNext(store.queue(queue), job)) return 'scheduled';
  removeTree(store, job, withChildren);
  leaveParent(store, job);
  return 'removed';
}

/** The parent first: it must not be woken by the end of its children. */
function removeTree(store: Store, job: StoredJob, withChildren: boolean): void {
  const queue = store.queue(job.queue);
  const prev = job.state;
  queue.delete(job);
  queue.deduplications.removed(job);
  queue.emit(job, { type: 'removed', prev });
  if (!withChildren) return;
  for (const child of childrenOf(store, job)) if (!isFinished(child)) removeTree(store, child, true);
}

export function removeUnprocessedChildren(store: Store, queue: string, id: string): void {
  const parent = store.job(queue, id);
  if (!parent) return;
  for (const child of childrenOf(store, parent)) {
    if (isFinished(child) || holdsActive(store, child)) continue;
    removeTree(store, child, true);
    parent.children!.remove(child.queue, child.id);
  }
  wakeIfSettled(store, parent);
}

export function clean(store: Store, name: string, state: JobState, age: number, limit: number): readonly string[] {
  const queue = store.queue(name);
  const latest = store.clock.now() - age;
  const old = [...(isFinal(state) ? queue.finished[state] : queue.inOrder())]
    .filter((job) => job.state === state && since(job) <= latest && !isHeld(store, queue, job))
    .slice(0, limit);
  for (const job of old) discard(store, queue, job);
  if (old.length > 0) queue.events.emit('', { type: 'cleaned', count: old.length });
  return old.map(({ id }) => id);
}

export function drain(store: Store, name: string, delayed: boolean): void {
  const queue = store.queue(name);
  const states = new Set<JobState>(['waiting', 'prioritized', ...(delayed ? (['delayed'] as const) : [])]);
  for (const job of queue.inOrder()) {
    if (states.has(job.state) && !isNext(queue, job)) discard(store, queue, job);
  }
}

export function obliterate(store: Store, name: string, force: boolean): 'obliterated' | 'not-paused' | 'active' {
  const queue = store.queue(name);
  if (!queue.isPaused) return 'not-paused';
  if (queue.active.size > 0 && !force) return 'active';
  for (const job of queue.jobs.values()) discard(store, queue, job);
  queue.reset();
  return 'obliterated';
}

function discard(store: Store, queue: QueueState, job: StoredJob): void {
  forget(store, job);
  queue.deduplications.removed(job);
}

/** When it came to its state, or was added. */
function since(job: StoredJob): number {
  return job.finishedOn ?? (job.state === 'waiting-children' ? job.parkedOn! : (job.processedOn ?? job.timestamp));
}

function isHeld(store: Store, queue: QueueState, job: StoredJob): boolean {
  return job.lock ? job.lock.until > store.clock.now() : isNext(queue, job);
}

function isFinal(state: JobState): state is 'completed' | 'failed' {
  return state === 'completed' || state === 'failed';
}

function holdsActive(store: Store, job: StoredJob): boolean {
  return job.state === 'active' || childrenOf(store, job).some((child) => holdsActive(store, child));
}
