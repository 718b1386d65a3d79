import type { ObservableInput, Subscribable } from 'rxjs';
import { ChildFailedError, InvalidChildError } from '../errors.js';
import { isName, nameRule } from '../engine/names.js';
import type { ChildFailurePolicy, ChildRecord, JobOptions, NewJob } from '../engine/records.js';
import { childFailed } from '../job/failed-child.js';
import { checkJob } from '../job/job-options.js';
import type { Payloads } from '../job/payloads.js';
import { processorOf, type Class } from './metadata.js';
import type { StepJob } from './step-job.js';

/** A step method, as far as its job's data goes; `never` lets every input pass. */
type Takes<D> = (job: StepJob<D>, ...rest: never[]) => unknown;

type StepsOf<P> = {
  [K in keyof P]: P[K] extends (job: StepJob, ...rest: never[]) => ObservableInput<unknown> | Subscribable<unknown>
    ? P[K]
    : never;
}[keyof P];

/** The data that the steps of a processor take: what satisfies all of them. */
export type DataOf<P> = [StepsOf<P>] extends [Takes<infer D>] ? D : never;

/** A job to be added as a child: `queue` is a processor, whose data is checked, or a queue's name. */
export type ChildSpec<P = any> =
  | { readonly queue: string; readonly name: string; readonly data?: unknown; readonly opts?: JobOptions }
  | { readonly queue: Class<P>; readonly name: string; readonly data: DataOf<P>; readonly opts?: JobOptions };

interface ParentGate {
  readonly parent: { readonly queue: string; readonly id: string };
  readonly group: string;
  /** `undefined`: the jobs are on their own. */
  readonly onFailure: ChildFailurePolicy | undefined;
  /** The gate, for errors. */
  readonly gate: string;
  readonly payloads: Payloads;
  readonly now: number;
}

/** @throws InvalidChildError, ConfigurationError and what the codec throws */
export function childJobs(specs: readonly ChildSpec[], from: ParentGate): readonly NewJob[] {
  const { parent, group, gate, payloads, onFailure } = from;
  const link = onFailure && { parent: { queue: parent.queue, id: parent.id, group, onFailure } };
  return specs.map((spec, index) => {
    const at = `child ${index} of ${gate}`;
    if (typeof spec !== 'object' || spec === null) {
      throw new InvalidChildError(`${at} is not { queue, name, data?, opts? }`);
    }
    const unknown = Object.keys(spec).filter((each) => !['queue', 'name', 'data', 'opts'].includes(each));
    if (unknown.length > 0) {
      throw new InvalidChildError(`${at} has no property ${unknown.join(', ')}: it is { queue, name, data?, opts? }`);
    }
    const { name, data, opts = {} } = spec;
    const queue = queueOf(spec.queue, at);
    checkJob(queue, name, opts);
    const refused = link ? ofTheGate.find((option) => opts[option] !== undefined) : opts.parent && 'parent';
    if (refused) {
      throw new InvalidChildError(
        refused === 'jobId'
          ? `${at} has a jobId: the ids of children are made from their parent's, so that none is added twice`
          : `${at} has the option ${refused}: whose child it is, and what its failure does, is for the gate to say`,
      );
    }
    return {
      queue,
      name,
      data: payloads.encode(data, () => `the data of ${at}`),
      opts: { jobId: childId(group, index), ...opts },
      timestamp: opts.timestamp ?? from.now,
      ...link,
    };
  });
}

/** Options of a job that a gate gives its children itself. */
const ofTheGate = [
  'jobId',
  'parent',
  'deduplication',
  'failParentOnFailure',
  'continueParentOnFailure',
  'ignoreDependencyOnFailure',
  'removeDependencyOnFailure',
] as const satisfies readonly (keyof JobOptions)[];

function queueOf(queue: string | Class, at: string): string {
  const name = typeof queue === 'function' ? processorOf(queue)?.queue : queue;
  if (isName(name)) return name;
  throw new InvalidChildError(
    typeof queue === 'function'
      ? `${at}: ${queue.name} has no @Processor: give a processor or a queue's name`
      : `${at} has no queue: give a processor or a queue's name (${nameRule})`,
  );
}

function childId(group: string, index: number): string {
  return `${group}-${index}`;
}

/** How an awaited child ended, for `{ settled: true }`; the shape of `Promise.allSettled`. */
export type ChildOutcome<R = unknown> =
  { readonly status: 'fulfilled'; readonly value: R } | { readonly status: 'rejected'; readonly reason: string };

/** A child that is awaited: its record, or its id when the store has none, as it was removed. */
type Awaited = ChildRecord | string;

/** The children of one gate, in order. */
export function ownChildren(children: readonly ChildRecord[], group: string, count: number): readonly Awaited[] {
  const byId = new Map(children.map((child) => [child.id, child]));
  return Array.from({ length: count }, (_, index) => byId.get(childId(group, index)) ?? childId(group, index));
}

/**
 * The children that no gate of their own awaits: those of `addChildren` in the order of `groups`, then attached ones. Groups
 * that aren't listed are of an earlier run.
 */
export function otherChildren(children: readonly ChildRecord[], groups: readonly string[]): readonly ChildRecord[] {
  const placeOf = new Map(groups.map((group, place) => [group, place]));
  const place = ({ group }: ChildRecord): number => placeOf.get(group ?? '') ?? groups.length;
  const index = ({ id }: ChildRecord): number => Number(id.slice(id.lastIndexOf('-') + 1));
  return children
    .filter(({ group }) => group === undefined || placeOf.has(group))
    .toSorted(
      (a, b) =>
        place(a) - place(b) || (a.group ? index(a) - index(b) : compare(a.queue, b.queue) || compare(a.id, b.id)),
    );
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * What a gate passes on of its children; `undefined` while it has to wait: without `settled`, until all have completed or
 * one has failed; with it, until all have ended.
 *
 * @throws ChildFailedError without `settled`, when one has failed for good or is gone
 */
export function resultsOf(
  children: readonly Awaited[],
  settled: boolean,
  payloads: Payloads,
): readonly unknown[] | undefined {
  if (!settled) {
    for (const child of children) {
      if (typeof child === 'string') throw new ChildFailedError(removed(child));
      if (child.status === 'failed') throw childFailed(child);
    }
  }
  if (children.some((child) => typeof child === 'object' && child.status === 'pending')) return undefined;
  return children.map((child) => {
    if (!settled) return payloads.decode((child as ChildRecord).value);
    if (typeof child === 'string') return { status: 'rejected', reason: removed(child) };
    if (child.status === 'failed') return { status: 'rejected', reason: child.reason };
    const value = payloads.decode(child.value);
    return value === undefined ? { status: 'fulfilled' } : { status: 'fulfilled', value };
  });
}

function removed(id: string): string {
  return `child ${id} was removed before it had finished`;
}
