import { isPromise, type Awaitable } from '../../../src/engine/awaitable.js';
import type { Engine } from '../../../src/engine/engine.js';
import type { ChildRecord, JobRecord, JobState } from '../../../src/engine/records.js';
import { isFinished, recordOf, states } from './model-job.js';
import type { Model } from './model.js';

export const queues = ['a', 'b'] as const;

type Fixed = 'id' | 'queue' | 'name' | 'opts' | 'timestamp' | 'parent' | 'eventId';

/** What may change of a job, its family and its log. */
export interface SeenJob extends Omit<JobRecord, Fixed | 'checkpoint'> {
  readonly checkpoint: { readonly seq: number; readonly cursor: string; readonly fields: object } | undefined;
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

type IsOrdered = (state: JobState) => boolean;
type Look = (job: JobRecord, children: readonly ChildRecord[], logs: readonly string[]) => SeenJob;

/** The picture of an engine's store. `ids`: all jobs to look for, as `queue/id`; `look` makes a record comparable. */
export async function pictureOf(
  engine: Engine,
  ids: readonly string[],
  look: Look,
  isOrdered: IsOrdered,
): Promise<Picture> {
  const counts = await all(queues.map((queue) => engine.counts(queue)));
  const places = placesOf(counts);
  const lists = await all(places.map(([queue, state]) => engine.list(queue, state)));
  const names = ids.map((key) => key.split('/') as [queue: string, id: string]);
  const jobs = await all(names.map(([queue, id]) => engine.get(queue, id)));
  const children = await all(names.map(([queue, id]) => engine.children(queue, id)));
  const logs = await all(names.map(([queue, id]) => engine.logs(queue, id)));
  const seen = jobs.map((job, at) => job && look(job, children[at]!, logs[at]!.logs));
  return {
    counts,
    lists: Object.fromEntries(places.map(([queue, state], at) => listed(queue, state, lists[at]!, isOrdered))),
    jobs: Object.fromEntries(ids.map((key, at) => [key, seen[at]!] as const).filter(([, job]) => job)),
  };
}

/** The picture that the model has of it. */
export function modelPicture({ port, store }: Model, look: Look, isOrdered: IsOrdered): Picture {
  const counts = queues.map((queue) => port.counts(queue));
  const lists = placesOf(counts).map(([queue, state]) => listed(queue, state, port.list(queue, state), isOrdered));
  const jobs = store.jobs.map((job) => {
    const { queue, id, logs } = job;
    return [`${queue}/${id}`, look(recordOf(job), port.children(queue, id), logs)] as const;
  });
  return { counts, lists: Object.fromEntries(lists), jobs: Object.fromEntries(jobs) };
}

/** Where there are any jobs. */
function placesOf(counts: Picture['counts']): (readonly [queue: string, state: JobState])[] {
  return queues.flatMap((queue, at) =>
    states.filter((state) => counts[at]![state] > 0).map((state) => [queue, state] as const),
  );
}

function listed(
  queue: string,
  state: JobState,
  jobs: readonly JobRecord[],
  isOrdered: IsOrdered,
): [string, readonly string[]] {
  const ids = jobs.map(({ id }) => id);
  return [`${queue} ${state}`, isOrdered(state) ? ids : ids.sort()];
}

/** In one turn when all answers are there: thousands of promises would take their time. */
function all<T>(answers: readonly Awaitable<T>[]): Awaitable<readonly T[]> {
  return answers.some((answer) => isPromise(answer)) ? Promise.all(answers) : (answers as readonly T[]);
}

/** I6: a job is in exactly one state, and every entry of an index has its job. */
export function assertOneStateEach({ lists, counts, jobs }: Picture): void {
  const entries = Object.entries(lists).flatMap(([place, ids]) => ids.map((id) => `${place} ${id}`));
  const stated = new Set(Object.entries(jobs).map(([key, { state }]) => key.replace('/', ` ${state} `)));
  if (entries.length !== stated.size || !entries.every((entry) => stated.has(entry)))
    throw new Error(`I6: the lists have ${entries.join()}, but the jobs are ${[...stated].join()}`);
  for (const [at, queue] of queues.entries())
    for (const state of states)
      if (counts[at]![state] !== (lists[`${queue} ${state}`]?.length ?? 0))
        throw new Error(`I6: ${counts[at]![state]} jobs of ${queue} are counted as ${state}`);
}

/** I7: no job waits for children when none is pending and no time will come. */
export function assertNoneWaitsInVain({ jobs }: Picture): void {
  for (const [key, { state, due, children }] of Object.entries(jobs))
    if (state === 'waiting-children' && due === undefined && !children.some(({ status }) => status === 'pending'))
      throw new Error(`I7: ${key} waits for children, but none is pending`);
}

/** I9: what a job has come to never changes, unless it is retried. */
export function assertResultsStay(before: Picture, after: Picture, retried: string | undefined): void {
  for (const [key, was] of Object.entries(before.jobs)) {
    const now = after.jobs[key];
    if (!now || !isFinished(was) || key === retried) continue;
    const result = ({ state, returnvalue, failedReason, failedCode, finishedOn, attemptsMade }: SeenJob): string =>
      JSON.stringify([state, returnvalue, failedReason, failedCode, finishedOn, attemptsMade]);
    if (result(was) !== result(now))
      throw new Error(`I9: ${key} had come to ${result(was)}, and now to ${result(now)}`);
  }
}
