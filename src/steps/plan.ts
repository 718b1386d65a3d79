import { isName } from '../engine/names.js';
import type { Fault } from '../errors.js';
import { isRecord } from '../job/options.js';
import { isDuration, milliseconds } from '../job/duration.js';
import {
  mistakesOf,
  processorOf,
  stepsOf,
  type Class,
  type ProcessorOptions,
  type StepMetadata,
  type StepOptions,
} from './metadata.js';
import { formerNames, processorFaults, stepsFaults } from './plan-faults.js';

/** One step of a plan. */
export interface PlannedStep {
  readonly name: string;
  readonly options: StepOptions;
  /** Longest active time, in milliseconds. */
  readonly timeout: number | undefined;
  readonly next: string | undefined;
}

/** A processor's steps in their order, as its decorators describe them. */
export interface Plan {
  readonly processor: Class;
  readonly queue: string;
  readonly options: ProcessorOptions;
  /** The jobs that it takes; `undefined`: those that no other processor of the queue takes. */
  readonly jobNames: readonly string[] | undefined;
  readonly first: string;
  /** By name, former names too. */
  readonly steps: ReadonlyMap<string, PlannedStep>;
}

/** Makes the plan of a class, unless it has no queue; mistakes in its declarations are added to `faults`. */
export function planOf(processor: Class, faults: Fault[]): Plan | undefined {
  const steps = stepsOf(processor);
  faults.push(...mistakesOf(processor), ...processorFaults(processor), ...stepsFaults(processor, steps));
  const declared = processorOf(processor);
  if (!isName(declared?.queue)) return undefined;
  const options = isRecord(declared.options) ? declared.options : {};
  return {
    processor,
    queue: declared.queue,
    options,
    jobNames: jobNamesOf(options),
    first: steps[0]?.name ?? '',
    steps: byName(steps),
  };
}

function jobNamesOf({ job }: ProcessorOptions): readonly string[] | undefined {
  // what is no name is a fault already, and takes no job
  return job === undefined ? undefined : [...new Set([job].flat().filter(isName))];
}

function byName(steps: readonly StepMetadata[]): Map<string, PlannedStep> {
  const planned = new Map<string, PlannedStep>();
  steps.forEach(({ name, options }, index) => {
    const timeout = isDuration(options?.timeout) ? milliseconds(options.timeout) : undefined;
    const step = { name, options, timeout, next: steps[index + 1]?.name };
    for (const each of [name, ...formerNames(options)]) planned.set(each, step);
  });
  return planned;
}
