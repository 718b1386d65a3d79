import { Children, type ChildOutcome } from './children.js';
import type { Store } from './store.js';
import type { StoredJob } from './stored-job.js';

/** The family of a job that has none. */
export const noChildren = new Children();

export function parentOf(store: Store, { parent }: StoredJob): StoredJob | undefined {
  return parent && store.job(parent.queue, parent.id);
}

/** Not a job that was added later under the id of a child that is gone. */
export function childrenOf(store: Store, { queue, id, children }: StoredJob): readonly StoredJob[] {
  const jobs = (children?.list() ?? []).map((child) => store.job(child.queue, child.id));
  return jobs.filter((child) => child?.parent?.id === id && child.parent.queue === queue) as StoredJob[];
}

/** Tells a job's parent how it has ended. */
export function settleInParent(store: Store, child: StoredJob, outcome: ChildOutcome): void {
  const parent = parentOf(store, child);
  if (!parent?.children?.settle(child.queue, child.id, outcome)) return;
  if (parent.awaited?.fresh && parent.children.failed > 0) {
    parent.deferredFailure ??= `child ${child.queue}:${child.id} failed`;
  }
  wakeIfSettled(store, parent);
}

/** Tells a job's parent that it is gone, or no child any more; answers whether that had waited for it. */
export function leaveParent(store: Store, child: StoredJob): boolean {
  const parent = parentOf(store, child);
  if (!parent?.children?.remove(child.queue, child.id)) return false;
  wakeIfSettled(store, parent);
  return true;
}

export function wakeIfSettled(store: Store, parent: StoredJob): void {
  const { awaited, children } = parent;
  if (!awaited || !(children ?? noChildren).settled(awaited)) return;
  const queue = store.queue(parent.queue);
  if (awaited.fresh && parent.delay > 0 && parent.deferredFailure === undefined) {
    queue.toDelayed(parent, store.clock.now() + parent.delay);
  } else queue.toReady(parent, 'head', 'waiting-children');
}
