import {
  Processor,
  Step,
  type Class,
  type ProcessorOptions,
  type StepJob,
  type StepMethod,
  type StepOptions,
} from 'stepstream';

type Method = (job: StepJob, input: any) => unknown;

/** Steps by name, in their order; with options where there are some. */
export type Steps = Readonly<Record<string, Method | readonly [options: StepOptions, method: Method]>>;

/** A processor made of functions, for tests that are about what they do. */
export function processor(
  steps: Steps,
  { queue = 'work', ...options }: ProcessorOptions & { queue?: string } = {},
): Class {
  // oxlint-disable-next-line typescript/no-extraneous-class -- its members are defined below
  class Made {}
  for (const [name, step] of Object.entries(steps)) {
    const [stepOptions, method] = typeof step === 'function' ? [{}, step] : step;
    const descriptor = { value: method as StepMethod, configurable: true, writable: true };
    Object.defineProperty(Made.prototype, name, descriptor);
    Step(stepOptions)(Made.prototype, name, descriptor);
  }
  Processor(queue, options)(Made);
  return Made;
}
