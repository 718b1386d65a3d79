import type { Awaitable } from '../../../src/engine/awaitable.js';
import type { Engine } from '../../../src/engine/engine.js';
import type { ChildRecord, JobRecord, JobState } from '../../../src/engine/records.js';
import { isFinished, recordOf, states, unordered } from './model-job.js';
import type { Model } from './model.js';

export const queues = ['a', 'b'] as const;

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

type Look = (job: JobRecord) => JobRecord;

/** The picture of an engine's store. `ids`: all jobs to look for, as `queue/id`; `look` makes a record comparable. */
export async function pictureOf(engine: Engine, ids: readonly string[], look: Look): Promise<Picture> {
  const counts = await all(queues.map((queue) => engine.counts(queue)));
  const places = placesOf(counts);
  const lists = await all(places.map(([queue, state]) => engine.list(queue, state)));
  const names = ids.map((key) => key.split('/') as [queue: string, id: string]);
  const jobs = await all(names.map(([queue, id]) => engine.get(queue, id)));
  const children = await all(names.map(([queue, id]) => engine.children(queue, id)));
  const logs = await all(names.map(([queue, id]) => engine.logs(queue, id)));
  const seen = jobs.map((job, at) => job && { job: look(job), children: children[at]!, logs: logs[at]! });
  return {
    counts,
    lists: Object.fromEntries(places.map(([queue, state], at) => listed(queue, state, lists[at]!))),
    jobs: Object.fromEntries(ids.map((key, at) => [key, seen[at]!] as const).filter(([, job]) => job)),
  };
}

/** The picture that the model has of it. */
export function modelPicture({ port, store }: Model, look: Look): Picture {
  const counts = queues.map((queue) => port.counts(queue));
  const lists = placesOf(counts).map(([queue, state]) => listed(queue, state, port.list(queue, state)));
  const jobs = store.jobs.map((job) => {
    const { queue, id, logs } = job;
    return [`${queue}/${id}`, { job: look(recordOf(job)), children: port.children(queue, id), logs }] as const;
  });
  return { counts, lists: Object.fromEntries(lists), jobs: Object.fromEntries(jobs) };
}

/** Where there are any jobs. */
function placesOf(counts: Picture['counts']): (readonly [queue: string, state: JobState])[] {
  return queues.flatMap((queue, at) =>
    states.filter((state) => counts[at]![state] > 0).map((state) => [queue, state] as const),
  );
}

function listed(queue: string, state: JobState, jobs: readonly JobRecord[]): [string, readonly string[]] {
  const ids = jobs.map(({ id }) => id);
  return [`${queue} ${state}`, unordered.has(state) ? ids.sort() : ids];
}

/** In one turn when all answers are there: thousands of promises would take their time. */
function all<T>(answers: readonly Awaitable<T>[]): Awaitable<readonly T[]> {
  return answers.some((answer) => typeof (answer as Promise<T> | undefined)?.then === 'function')
    ? Promise.all(answers)
    : (answers as readonly T[]);
}

/** I6: a job is in exactly one state, and every entry of an index has its job. */
export function assertOneStateEach({ lists, counts, jobs }: Picture): void {
  const listed = Object.entries(lists).flatMap(([where, ids]) => ids.map((id) => `${where} ${id}`));
  const stated = Object.values(jobs).map(({ job }) => `${job.queue} ${job.state} ${job.id}`);
  const extra = listed.filter((entry) => !stated.includes(entry));
  const missing = stated.filter((entry) => !listed.includes(entry));
  if (extra.length + missing.length > 0 || listed.length !== stated.length)
    throw new Error(`I6: listed without such a job: ${extra.join()}; not listed: ${missing.join()}`);
  for (const [at, queue] of queues.entries())
    for (const state of states)
      if (counts[at]![state] !== (lists[`${queue} ${state}`] ?? []).length)
        throw new Error(`I6: ${counts[at]![state]} jobs of ${queue} are counted as ${state}`);
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
