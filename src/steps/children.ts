/* oxlint-disable local/no-any -- no other type takes every user's class and method */
import type { ObservableInput } from 'rxjs';
import { ChildFailedError, InvalidChildError } from '../errors.js';
import { isName, nameRule } from '../engine/names.js';
import type { ChildFailurePolicy, ChildRecord, JobOptions, NewJob, Payload } from '../engine/records.js';
import { checkJob } from '../job/options.js';
import type { Payloads } from '../job/payloads.js';
import { processorOf, type Class } from './metadata.js';
import type { StepJob } from './step-job.js';

/** The data that the steps of a processor take. */
export type DataOf<P> = {
  [K in keyof P]: P[K] extends (job: StepJob<infer D, any>, ...rest: any[]) => ObservableInput<any> ? D : never;
}[keyof P];

/** A job to be added as a child: `queue` is a processor, whose data is checked, or a queue's name. */
export type ChildSpec<P = any> =
  | { readonly queue: string; readonly name: string; readonly data?: unknown; readonly opts?: JobOptions }
  | { readonly queue: Class<P>; readonly name: string; readonly data: DataOf<P>; readonly opts?: JobOptions };

interface ParentGate {
  /** The parent. */
  readonly queue: string;
  readonly id: string;
  readonly group: string;
  readonly onFailure: ChildFailurePolicy;
  /** The gate, for errors. */
  readonly gate: string;
  readonly payloads: Payloads;
  readonly now: number;
}

/** @throws InvalidChildError, ConfigurationError and what the codec throws */
export function childJobs(specs: readonly ChildSpec[], parent: ParentGate): readonly NewJob[] {
  const { group, gate, payloads } = parent;
  const link = { queue: parent.queue, id: parent.id, group, onFailure: parent.onFailure };
  return specs.map((spec, index) => {
    const at = `child ${index} of ${gate}`;
    if (typeof spec !== 'object' || spec === null) {
      throw new InvalidChildError(`${at} is not { queue, name, data?, opts? }`);
    }
    const { name, data, opts = {} } = spec;
    const queue = queueOf(spec.queue, at);
    checkJob(queue, name, opts);
    if (opts.jobId !== undefined) {
      throw new InvalidChildError(
        `${at} has a jobId: the ids of children are made from their parent's, so that none is added twice`,
      );
    }
    return {
      queue,
      name,
      data: payloads.encode(data, () => `the data of ${at}`),
      opts: { ...opts, jobId: childId(group, index) },
      timestamp: opts.timestamp ?? parent.now,
      parent: link,
    };
  });
}

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

/**
 * The results of a gate's children in their order; `undefined` while some are pending and none has failed.
 *
 * @throws ChildFailedError when one has failed for good, or is gone
 */
export function resultsOf(
  children: readonly ChildRecord[],
  group: string,
  count: number,
): readonly (Payload | undefined)[] | undefined {
  const byId = new Map(children.map((child) => [child.id, child]));
  const results: (Payload | undefined)[] = [];
  let pending = false;
  for (let index = 0; index < count; index++) {
    const id = childId(group, index);
    const child = byId.get(id);
    if (!child) throw new ChildFailedError(`child ${id} was removed before it had finished`);
    if (child.status === 'failed') throw childFailed(child);
    pending ||= child.status === 'pending';
    results.push(child.value);
  }
  return pending ? undefined : results;
}

export function childFailed({ queue, id, reason }: ChildRecord): ChildFailedError {
  return new ChildFailedError(`child ${id} of queue ${queue} failed: ${reason}`);
}
