import { GateOutsideStepError } from '../errors.js';
import type { Gates } from './gates.js';

let current: Gates | undefined;

/** Runs a step method; operators that are applied while it runs place their gates here. */
export function within<T>(gates: Gates, method: () => T): T {
  const outer = current;
  current = gates;
  try {
    return method();
  } finally {
    current = outer;
  }
}

/** @throws GateOutsideStepError when no step method is running */
export function currentGates(operator: string): Gates {
  if (current) return current;
  throw new GateOutsideStepError(
    `${operator}() was applied outside of a step method, or after its first await, or in a callback: ` +
      'its place would not be the same when the job resumes. Apply it in the step method itself, to the pipe that ' +
      'the method returns; to repeat something durably, use a step of its own.',
  );
}
