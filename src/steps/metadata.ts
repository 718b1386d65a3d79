import type { Backoff } from '../engine/records.js';
import type { Fault } from '../errors.js';

/** Any class, abstract ones aside. */
export type Class<T = unknown> = new (...args: never[]) => T;

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

/** A decorator that was used wrongly. It can't throw: `createApp` reports all mistakes together. */
export interface Mistake {
  readonly code: Fault['code'];
  /** The member it stands on; none: the class. */
  readonly member?: string;
  readonly message: string;
}

/** What the decorators of one class have recorded. */
export interface ClassMetadata {
  processor?: { readonly queue: string; readonly options: ProcessorOptions };
  readonly steps: StepMetadata[];
  readonly mistakes: Mistake[];
}

/** By prototype: what a decorator of a method is given, whatever the class's members are called. */
const metadata = new WeakMap<object, ClassMetadata>();

/** The own record of a class or its prototype, made on first use; what is neither gets one that nobody reads. */
export function recordFor(target: unknown): ClassMetadata {
  const key = prototypeOf(target) ?? (Object(target) as object);
  let own = metadata.get(key);
  if (!own) metadata.set(key, (own = { steps: [], mistakes: [] }));
  return own;
}

/** What `@Processor` says of a class; it is not inherited. */
export function processorOf(target: unknown): ClassMetadata['processor'] {
  const prototype = prototypeOf(target);
  return prototype && metadata.get(prototype)?.processor;
}

/** Steps in their order: a base class's first; an overridden step keeps its place and takes the newer options. */
export function stepsOf(target: unknown): readonly StepMetadata[] {
  const steps = new Map<string, StepMetadata>();
  for (const { record } of lineage(target)) for (const step of record.steps) steps.set(step.name, step);
  return [...steps.values()];
}

/** The mistakes of a class and of its bases. */
export function mistakesOf(target: unknown): readonly Fault[] {
  return lineage(target).flatMap(({ name, record }) =>
    record.mistakes.map(({ code, member, message }) => ({ code, at: member ? `${name}.${member}` : name, message })),
  );
}

/** The name of a class, for messages. */
export function classNameOf(target: unknown): string {
  const name = (target as { readonly name?: unknown } | null | undefined)?.name; // may be any static member
  return typeof name === 'string' && name !== '' ? name : '(anonymous class)';
}

/** The records of a class and its bases, the base first. */
function lineage(target: unknown): readonly { readonly name: string; readonly record: ClassMetadata }[] {
  const records: { name: string; record: ClassMetadata }[] = [];
  const first = prototypeOf(target);
  for (let at = first; at; at = Object.getPrototypeOf(at) as object | undefined) {
    const record = metadata.get(at);
    if (record) records.unshift({ name: classNameOf(at === first ? target : at.constructor), record });
  }
  return records;
}

function prototypeOf(target: unknown): object | undefined {
  return typeof target === 'function' ? (target.prototype as object | undefined) : undefined;
}
