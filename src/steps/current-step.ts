import { GateOutsideStepError } from '../errors.js';
import type { Gates } from './gates.js';
import type { Route } from './route.js';

/** What operators find when they are applied. */
interface CurrentStep {
  readonly gates: Gates;
  readonly route: Route;
}

let current: CurrentStep | undefined;

/** Runs a step method; operators that are applied while it runs belong to this step. */
export function within<T>(step: CurrentStep, method: () => T): T {
  const outer = current;
  current = step;
  try {
    return method();
  } finally {
    current = outer;
  }
}

/** @throws GateOutsideStepError when no step method is running */
export function currentStep(operator: string): CurrentStep {
  if (current) return current;
  throw new GateOutsideStepError(
    `${operator}() was applied outside of a step method, or after its first await, or in a callback: ` +
      'its place would not be the same when the job resumes. Apply it in the step method itself, to the pipe that ' +
      'the method returns; to repeat something durably, use a step of its own.',
  );
}
