import { ConfigurationError } from '../errors.js';
import type { OptionRule } from './options.js';

/**
 * Refuses an argument of a call that will not do.
 *
 * @param call such as `queue.clean()`
 * @throws ConfigurationError that names the argument and what would do
 */
export function checkArgument(call: string, argument: string, value: unknown, { test, expects }: OptionRule): void {
  if (test(value)) return;
  const message = `${argument} must be ${expects}`;
  throw new ConfigurationError(`${call} can not be done:`, [{ code: 'INVALID_OPTION', at: call, message }]);
}
