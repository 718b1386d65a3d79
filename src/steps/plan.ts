import { isName, nameRule } from '../engine/names.js';
import { InvalidDurationError, type Fault } from '../errors.js';
import { optionFaults, rules, type OptionRule, type OptionRules } from '../job/options.js';
import { milliseconds } from './duration.js';
import {
  faultsOf,
  processorOf,
  stepsOf,
  type Class,
  type ProcessorOptions,
  type StepMetadata,
  type StepOptions,
} from './metadata.js';

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

/** Makes the plan of a class; mistakes in its declarations are added to `faults`. */
export function planOf(processor: Class, faults: Fault[]): Plan | undefined {
  const declared = processorOf(processor);
  if (!declared) {
    const at = typeof processor === 'function' ? processor.name : String(processor);
    faults.push({ code: 'NOT_A_PROCESSOR', at, message: 'put @Processor(queue) on the class' });
    return undefined;
  }
  const { queue, options } = declared;
  const at = processor.name;
  const steps = stepsOf(processor);
  faults.push(...faultsOf(processor), ...optionFaults(options, processorOptionRules, at));
  if (!isName(queue)) faults.push({ code: 'INVALID_NAME', at, message: `the queue's name won't do: ${nameRule}` });
  if (steps.length === 0) faults.push({ code: 'NO_STEPS', at, message: 'the class has no method with @Step' });
  steps.forEach((step, index) => faults.push(...stepFaults(processor, step, steps[index - 1])));
  faults.push(...aliasFaults(at, steps));
  return {
    processor,
    queue,
    options,
    jobNames: typeof options.job === 'string' ? [options.job] : options.job,
    first: steps[0]?.name ?? '',
    steps: byName(steps),
  };
}

function byName(steps: readonly StepMetadata[]): Map<string, PlannedStep> {
  const planned = new Map<string, PlannedStep>();
  steps.forEach(({ name, options }, index) => {
    const timeout =
      options.timeout === undefined || !isDuration(options.timeout) ? undefined : milliseconds(options.timeout);
    const step = { name, options, timeout, next: steps[index + 1]?.name };
    for (const alias of [name, ...(options.was ?? [])]) planned.set(alias, step);
  });
  return planned;
}

// --- mistakes ---

function stepFaults(processor: Class, step: StepMetadata, before: StepMetadata | undefined): readonly Fault[] {
  const at = `${processor.name}.${step.name}`;
  const { after, ...options } = step.options;
  const faults: Fault[] = [...optionFaults(options, stepOptionRules, at)];
  if (!isName(step.name)) faults.push({ code: 'INVALID_NAME', at, message: `the step's name won't do: ${nameRule}` });
  if (after !== undefined && after !== before?.name) {
    const place = before ? `stands directly after "${before.name}"` : 'is the first';
    const message = `after: "${after}" is wrong, the step ${place}: correct it, or move the method`;
    faults.push({ code: 'STEP_ORDER', at, message });
  }
  return faults;
}

function aliasFaults(at: string, steps: readonly StepMetadata[]): readonly Fault[] {
  const names = steps.flatMap(({ name, options }) => [name, ...(Array.isArray(options.was) ? options.was : [])]);
  const twice = names.filter((name, index) => names.indexOf(name) !== index);
  return twice.map((name) => ({ code: 'DUPLICATE_STEP', at, message: `"${name}" names two steps, by \`was\`` }));
}

function isDuration(value: unknown): boolean {
  try {
    return milliseconds(value as number | string) > 0;
  } catch (error) {
    if (error instanceof InvalidDurationError) return false;
    throw error;
  }
}

const names: OptionRule = {
  test: (value) => Array.isArray(value) && value.every(isName),
  expects: `a list of names; ${nameRule}`,
};

const stepOptionRules: OptionRules<StepOptions> = {
  attempts: rules.atLeastOne,
  backoff: rules.backoff,
  timeout: { test: isDuration, expects: "milliseconds, or text such as '30 s', more than 0" },
  was: names,
};

const processorOptionRules: OptionRules<ProcessorOptions> = {
  job: { test: (value) => isName(value) || names.test(value), expects: `a name or a list of names; ${nameRule}` },
  concurrency: rules.atLeastOne,
  lockDuration: rules.somePeriod,
  stalledInterval: rules.somePeriod,
  maxStalledCount: rules.count,
  parkAfter: rules.milliseconds,
  unknownStepGrace: rules.milliseconds,
};
