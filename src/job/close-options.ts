import { ConfigurationError } from '../errors.js';
import { isDuration, milliseconds } from './duration.js';
import { optionFaults, type OptionRules } from './options.js';

/** Options of a graceful end: of `app.drain`, of `app.close`, and of a worker's. */
export interface CloseOptions {
  /** Longest time for running jobs to come to their next durable write: milliseconds, or text. Default: the app's, 10 s. */
  readonly grace?: number | string;
}

export const closeOptionRules: OptionRules<CloseOptions> = {
  grace: { test: isDuration, expects: "milliseconds from 0 up, or text such as '10 s'" },
};

/** The grace of a close in milliseconds, if it says one. @throws ConfigurationError */
export function graceOf(options: CloseOptions, what: string, call: 'close' | 'drain' = 'close'): number | undefined {
  const faults = optionFaults(options, closeOptionRules, call);
  if (faults.length > 0) throw new ConfigurationError(`The ${what} was not ${ended[call]}:`, faults);
  return options.grace === undefined ? undefined : milliseconds(options.grace);
}

const ended = { close: 'closed', drain: 'drained' };
