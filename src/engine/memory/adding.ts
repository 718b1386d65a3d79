import { JobNotFoundError } from '../../errors.js';
import type { NewJob } from '../records.js';
import { Children } from './children.js';
import { leaveParent, parentOf, wakeIfSettled } from './family.js';
import type { QueueState } from './queue-state.js';
import type { Store } from './store.js';
import { newStoredJob, type StoredJob } from './stored-job.js';

/** Adds jobs, all or none; answers their ids. @throws JobNotFoundError */
export function add(store: Store, jobs: readonly NewJob[]): readonly string[] {
  const stored = jobs.map(newStoredJob); // before any is added: a job that can't be read adds none
  if (stored.some(({ parent }) => parent)) proveParents(store, stored);
  const ids = stored.map((job) => addOne(store, job));
  for (const job of stored) if (job.hasChildren) wakeIfSettled(store, job); // their children are all known now
  return ids;
}

function proveParents(store: Store, jobs: readonly StoredJob[]): void {
  const before = new Set<string>();
  for (const { queue, id, parent } of jobs) {
    if (parent && !before.has(`${parent.queue}:${parent.id}`) && !store.job(parent.queue, parent.id)) {
      throw new JobNotFoundError(
        `parent ${parent.id} of queue ${parent.queue} isn't in the store: add it first, or before its children in the same call`,
      );
    }
    before.add(`${queue}:${id}`);
  }
}

/** A child that its parent knows is left as it is, even when it has finished and was removed. */
function addOne(store: Store, job: StoredJob): string {
  const queue = store.queue(job.queue);
  const id = (job.id = queue.nextId(job.id));
  if (parentOf(store, job)?.children?.has(job.queue, id)) return id;
  const existing = queue.jobs.get(id);
  if (existing) {
    queue.emit(existing, { type: 'duplicated' }); // no child of the parent, which might wait for it for ever
    return id;
  }
  const holder = turnedAwayBy(store, queue, job);
  if (holder === undefined) insert(store, job);
  return holder ?? id;
}

/** Puts a new job where it waits. */
export function insert(store: Store, job: StoredJob): void {
  const queue = store.queue(job.queue);
  const parent = parentOf(store, job);
  if (parent) (parent.children ??= new Children()).add(job.queue, job.id, job.parent!);
  queue.jobs.set(job.id, job);
  queue.emit(job, { type: 'added', name: job.name });
  if (job.hasChildren) queue.toWaitingChildren(job, { all: { failuresSeen: 0 }, fresh: true });
  else if (job.delay > 0) delay(queue, job, job.timestamp);
  else queue.toReady(job, job.opts.lifo ? 'head' : 'tail');
}

/** Lets its delay begin at a time. */
function delay(queue: QueueState, job: StoredJob, from: number): void {
  const { delay: given } = job;
  queue.toDelayed(job, from + given);
  job.delay = given;
}

/** The id of the job that holds the place of the new one's deduplication; none when that is the new one's now. */
function turnedAwayBy(store: Store, queue: QueueState, job: StoredJob): string | undefined {
  const options = job.opts.deduplication;
  if (!options) return undefined;
  const places = queue.deduplications;
  const holderId = places.holder(options.id);
  if (holderId === undefined) {
    places.hold(options, job.id);
    return undefined;
  }
  const deduplicationId = options.id;
  const holder = queue.jobs.get(holderId);
  if (options.replace && holder?.state === 'delayed') {
    queue.delete(holder);
    queue.emit(holder, { type: 'removed', prev: 'delayed' });
    leaveParent(store, holder);
    queue.emit(job, { type: 'deduplicated', deduplicationId, deduplicatedJobId: holderId });
    places.replace(options, job.id);
    return undefined;
  }
  const isKept = options.keepLastIfActive && holder?.state === 'active';
  if (isKept) places.keep(deduplicationId, { ...job, parent: undefined, hasChildren: false });
  else if (options.replace)
    return holderId; // BullMQ tells nobody
  else places.extend(options);
  queue.events.emit(holderId, { type: 'deduplicated', deduplicationId, deduplicatedJobId: job.id });
  if (options.reschedule && holder?.state === 'delayed') {
    holder.delay = job.delay;
    delay(queue, holder, job.timestamp);
  }
  return holderId;
}
