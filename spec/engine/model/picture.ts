import type { Awaitable } from '../../../src/engine/awaitable.js';
import type { ChildRecord, JobRecord, JobState } from '../../../src/engine/records.js';
import { isFinished, states, unordered } from './model-job.js';
import type { Port } from './model.js';

export const queues = ['a', 'b'] as const;

type Sooner<F> = F extends (...args: infer A) => infer R ? (...args: A) => Awaitable<R> : never;
export type Looker = { readonly [K in 'get' | 'children' | 'logs' | 'list' | 'counts']: Sooner<Port[K]> };

/** A job, its family and its log. */
export interface SeenJob {
  readonly job: JobRecord;
  readonly children: readonly ChildRecord[];
  readonly logs: readonly string[];
}

/** Everything that can be seen of a store. */
export interface Picture {
  /** The ids in each state of each queue; in the order in which they run where the port promises one, else sorted. */
  readonly lists: Readonly<Record<string, readonly string[]>>;
  readonly counts: readonly Readonly<Record<JobState, number>>[];
  /** By queue and id. */
  readonly jobs: Readonly<Record<string, SeenJob>>;
}

/** Looks at a store, the model's or an engine's, and at the jobs `ids` (`queue/id`), which may be gone. */
export async function lookAt(
  store: Looker,
  ids: readonly string[],
  normal: (job: JobRecord) => JobRecord,
): Promise<Picture> {
  const [lists, counts, jobs] = await Promise.all([
    Promise.all(queues.flatMap((queue) => states.map((state) => listOf(store, queue, state)))),
    Promise.all(queues.map((queue) => store.counts(queue))),
    Promise.all(ids.map((id) => seenJob(store, id, normal))),
  ]);
  return { lists: Object.fromEntries(lists), counts, jobs: Object.fromEntries(jobs.flat()) };
}

async function listOf(store: Looker, queue: string, state: JobState): Promise<[string, readonly string[]]> {
  const ids = (await store.list(queue, state)).map(({ id }) => id);
  return [`${queue} ${state}`, unordered.has(state) ? ids.sort() : ids];
}

async function seenJob(
  store: Looker,
  key: string,
  normal: (job: JobRecord) => JobRecord,
): Promise<[] | [[string, SeenJob]]> {
  const [queue, id] = key.split('/') as [string, string];
  const [job, children, logs] = await Promise.all([
    store.get(queue, id),
    store.children(queue, id),
    store.logs(queue, id),
  ]);
  return job ? [[key, { job: normal(job), children, logs }]] : [];
}

/** I6: a job is in exactly one state, and every entry of an index has its job. */
export function assertOneStateEach({ lists, counts, jobs }: Picture): void {
  const listed = Object.entries(lists).flatMap(([where, ids]) => ids.map((id) => `${where} ${id}`));
  const stated = Object.values(jobs).map(({ job }) => `${job.queue} ${job.state} ${job.id}`);
  const extra = listed.filter((entry) => !stated.includes(entry));
  const missing = stated.filter((entry) => !listed.includes(entry));
  if (extra.length + missing.length > 0 || listed.length !== stated.length)
    throw new Error(`I6: listed without such a job: ${extra.join()}; not listed: ${missing.join()}`);
  for (const [index, queue] of queues.entries())
    for (const state of states)
      if (counts[index]![state] !== lists[`${queue} ${state}`]!.length)
        throw new Error(`I6: ${counts[index]![state]} are counted as ${state} in ${queue}: ${lists[`${queue} ${state}`]!.join()}`);
}

/** I7: no job waits for children when none is pending and no time will come. */
export function assertNoneWaitsInVain({ jobs }: Picture): void {
  for (const [key, { job, children }] of Object.entries(jobs))
    if (job.state === 'waiting-children' && job.due === undefined && !children.some(({ status }) => status === 'pending'))
      throw new Error(`I7: ${key} waits for children, but none is pending`);
}

/** I9: what a job has come to never changes, unless it is retried. */
export function assertResultsStay(before: Picture, after: Picture, retried: string | undefined): void {
  for (const [key, { job: was }] of Object.entries(before.jobs)) {
    const now = after.jobs[key]?.job;
    if (!now || !isFinished(was) || key === retried) continue;
    const same = (['state', 'returnvalue', 'failedReason', 'failedCode', 'finishedOn', 'attemptsMade'] as const).every(
      (field) => was[field] === now[field],
    );
    if (!same) throw new Error(`I9: ${key} was ${was.state} and has changed`);
  }
}
