import type { Awaitable } from '../../../src/engine/awaitable.js';
import type { ChildRecord, JobRecord, JobState } from '../../../src/engine/records.js';
import { states } from './model-job.js';
import type { Port } from './model.js';

export const queues = ['a', 'b'] as const;

type AnyTime<F> = F extends (...args: infer A) => infer R ? (...args: A) => Awaitable<R> : never;
export type Looker = { readonly [K in 'get' | 'children' | 'logs' | 'list' | 'counts']: AnyTime<Port[K]> };

/** A job, its family and its log. */
export interface SeenJob {
  readonly job: JobRecord;
  readonly children: readonly ChildRecord[];
  readonly logs: readonly string[];
}

/** Everything that can be seen of a store. */
export interface Picture {
  /** By queue and state, in the order in which the jobs run where that is promised, else sorted. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly counts: Readonly<Record<string, number>>;
  /** Of the ids asked for, those that exist; by queue and id. */
  readonly jobs: ReadonlyMap<string, SeenJob>;
}

/** Of these, the port promises no order. */
const unordered: ReadonlySet<JobState> = new Set(['active', 'waiting-children']);

/** Looks at a store, the model's or an engine's. `ids`: every job that was ever there, as `queue/id`. */
export async function lookAt(store: Looker, ids: Iterable<string>, normal: (job: JobRecord) => JobRecord): Promise<Picture> {
  const lists: Record<string, readonly string[]> = {};
  const counts: Record<string, number> = {};
  const jobs = new Map<string, SeenJob>();
  const looks: Awaitable<unknown>[] = [];
  for (const queue of queues) {
    looks.push(then(store.counts(queue), (count) => states.forEach((state) => (counts[`${queue} ${state}`] = count[state]))));
    for (const state of states) {
      const note = (listed: readonly JobRecord[]): void => {
        const found = listed.map((job) => job.id);
        lists[`${queue} ${state}`] = unordered.has(state) ? found.sort() : found;
      };
      looks.push(then(store.list(queue, state), note));
    }
  }
}
