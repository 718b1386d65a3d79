/* oxlint-disable local/no-any -- no other type takes every user's class and method */
import type { Backoff } from '../engine/records.js';
import type { Fault } from '../errors.js';

/** Any class, abstract ones aside. */
export type Class<T = unknown> = new (...args: any[]) => T;

/** Options of `@Step`. */
export interface StepOptions {
  /** Tries per visit of the step. Default: the job's, else 1. */
  readonly attempts?: number;
  /** Wait between two tries. Default: the job's, else none. */
  readonly backoff?: Backoff;
  /** Longest active time of one activation in the step: milliseconds, or text like `'30 s'`. Default none. */
  readonly timeout?: number | string;
  /** Former names, under which jobs in flight may have saved the step. */
  readonly was?: readonly string[];
}

/** Options of `@Processor`. */
export interface ProcessorOptions {
  /** Take only jobs of these names. Default: every name that no other processor of the queue takes. */
  readonly job?: string | readonly string[];
  /** Jobs at a time, per worker. Default 1. */
  readonly concurrency?: number;
  /** Milliseconds that a worker's right to a job lasts unless renewed. Default 10,000. */
  readonly lockDuration?: number;
  /** Milliseconds between two looks for jobs of dead workers. Default 5,000. */
  readonly stalledInterval?: number;
  /** Deaths of workers since the job's last checkpoint that it survives. Default 1. */
  readonly maxStalledCount?: number;
  /** Milliseconds after which a waiting gate parks the job whatever its siblings do. Default 20,000. */
  readonly parkAfter?: number;
  /** Milliseconds for which a job with an unknown step or name is put back, before it fails. Default 600,000. */
  readonly unknownStepGrace?: number;
}

export interface StepMetadata {
  readonly name: string;
  readonly options: StepOptions & { readonly after?: string };
}

/** What the decorators of one class have recorded; mistakes too, as `createApp` reports them all together. */
export interface ClassMetadata {
  processor?: { readonly queue: string; readonly options: ProcessorOptions };
  readonly steps: StepMetadata[];
  readonly faults: Fault[];
}

const metadata = new WeakMap<object, ClassMetadata>();

/** The class's own record, made on first use. */
export function recordFor(target: object): ClassMetadata {
  let own = metadata.get(target);
  if (!own) metadata.set(target, (own = { steps: [], faults: [] }));
  return own;
}

export function processorOf(target: unknown): ClassMetadata['processor'] {
  return typeof target === 'function' ? metadata.get(target)?.processor : undefined;
}

/** Steps in their order: a base class's first; an overridden step keeps its place and takes the newer options. */
export function stepsOf(target: Class): readonly StepMetadata[] {
  const steps = new Map<string, StepMetadata>();
  for (const own of lineage(target)) for (const step of own.steps) steps.set(step.name, step);
  return [...steps.values()];
}

export function faultsOf(target: Class): readonly Fault[] {
  return lineage(target).flatMap((own) => own.faults);
}

/** The records of a class and its bases, the base first. */
function lineage(target: Class): readonly ClassMetadata[] {
  const records: ClassMetadata[] = [];
  for (let at: unknown = target; typeof at === 'function'; at = Object.getPrototypeOf(at)) {
    const own = metadata.get(at);
    if (own) records.unshift(own);
  }
  return records;
}
