import { isName, nameRule } from '../engine/names.js';
import type { Fault } from '../errors.js';
import { optionFaults, rules, type OptionRule, type OptionRules } from '../job/options.js';
import { classNameOf, processorOf, type Class, type ProcessorOptions, type StepMetadata } from './metadata.js';

/** What is wrong with a class as a processor, its steps aside. */
export function processorFaults(processor: Class): readonly Fault[] {
  const at = classNameOf(processor);
  const declared = processorOf(processor);
  if (!declared) {
    const message = 'put @Processor(queue) on the class itself: it is not inherited';
    return [{ code: 'NOT_A_PROCESSOR', at, message }];
  }
  const faults: Fault[] = [...optionFaults(declared.options, processorOptionRules, at)];
  if (!isName(declared.queue)) {
    faults.push({ code: 'INVALID_NAME', at, message: `the queue's name won't do: ${nameRule}` });
  }
  // whoever awaited the instance would run the method
  if ('then' in (processor.prototype as object)) {
    const message = 'an instance with a method "then" passes for a promise: rename the method';
    faults.push({ code: 'INVALID_NAME', at: `${at}.then`, message });
  }
  return faults;
}

/** What is wrong with the steps of a class. */
export function stepsFaults(processor: Class, steps: readonly StepMetadata[]): readonly Fault[] {
  const at = classNameOf(processor);
  if (steps.length === 0) return [{ code: 'NO_STEPS', at, message: 'the class has no method with @Step' }];
  return [...steps.flatMap((step, index) => stepFaults(at, step, steps[index - 1])), ...formerNameFaults(at, steps)];
}

function stepFaults(className: string, step: StepMetadata, before: StepMetadata | undefined): readonly Fault[] {
  const at = `${className}.${step.name}`;
  const faults: Fault[] = [...optionFaults(step.options, stepOptionRules, at)];
  if (!isName(step.name))
    faults.unshift({ code: 'INVALID_NAME', at, message: `the step's name won't do: ${nameRule}` });
  const after = step.options?.after;
  if (typeof after === 'string' && after !== before?.name) {
    const place = before ? `stands directly after "${before.name}"` : 'is the first';
    const message = `after: "${after}" is wrong, the step ${place}: correct it, or move the method`;
    faults.push({ code: 'STEP_ORDER', at, message });
  }
  return faults;
}

/** A name that a job has saved must lead to one step. */
function formerNameFaults(className: string, steps: readonly StepMetadata[]): readonly Fault[] {
  const owners = new Map(steps.map(({ name }) => [name, name]));
  return steps.flatMap(({ name, options }) =>
    formerNames(options).flatMap((former): readonly Fault[] => {
      const owner = owners.get(former) ?? name;
      owners.set(former, owner);
      if (owner === name) return [];
      const message = `was: "${former}" leads to the step "${owner}" already: take it away from one of the two`;
      return [{ code: 'DUPLICATE_STEP', at: `${className}.${name}`, message }];
    }),
  );
}

/** The former names of a step, as far as they are names. */
export function formerNames(options: { readonly was?: unknown } | null): readonly string[] {
  return Array.isArray(options?.was) ? options.was.filter(isName) : [];
}

const names: OptionRule = {
  test: (value) => Array.isArray(value) && value.every(isName),
  expects: `a list of names; ${nameRule}`,
};

const stepOptionRules: OptionRules<StepMetadata['options']> = {
  after: { test: (value) => typeof value === 'string', expects: 'the name of the step directly before' },
  attempts: rules.atLeastOne,
  backoff: rules.backoff,
  timeout: rules.timeout,
  was: names,
};

const processorOptionRules: OptionRules<ProcessorOptions> = {
  job: {
    test: (value) => isName(value) || (names.test(value) && (value as readonly string[]).length > 0),
    expects: `a name or a list of names; ${nameRule}`,
  },
  concurrency: rules.atLeastOne,
  lockDuration: rules.period,
  stalledInterval: rules.period,
  maxStalledCount: rules.count,
  parkAfter: rules.milliseconds,
  unknownStepGrace: rules.milliseconds,
};
