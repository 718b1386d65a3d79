import type { JobOptions } from '../engine/records.js';
import { isName, nameRule } from '../engine/names.js';
import { ConfigurationError, type Fault } from '../errors.js';
import { jobFaults } from '../job/job-options.js';
import { isRecord, optionFaults, type OptionRules } from '../job/options.js';
import { storeOptionRules, type StoreOptions } from '../stores.js';

/** Options of `new Queue`. */
export interface QueueOptions extends StoreOptions {
  /** For jobs that have no such option of their own. */
  readonly defaultJobOptions?: JobOptions;
}

/** Options of `new QueueEvents`. */
export interface QueueEventsOptions extends Omit<StoreOptions, 'telemetry'> {
  /** Begins to listen at once. Default true. */
  readonly autorun?: boolean;
  /** Begins after this event, as far as the store still has what came then; `'0'`: with the first. Default: from now on. */
  readonly lastEventId?: string;
}

export const queueOptionRules: OptionRules<QueueOptions> = {
  ...storeOptionRules,
  defaultJobOptions: { test: isRecord, expects: 'options of jobs' },
};

const { telemetry: _whoListensDoesNothing, ...storeRules } = storeOptionRules;

export const queueEventsOptionRules: OptionRules<QueueEventsOptions> = {
  ...storeRules,
  autorun: { test: (value) => typeof value === 'boolean', expects: 'true or false' },
  lastEventId: {
    test: (value) => typeof value === 'string' && /^(\$|\d+(-\d+)?)$/.test(value),
    expects: "an event's id, such as '1700000000000-0'",
  },
};

/** @throws ConfigurationError that names all faults of a queue's name and options */
export function checkQueue<T extends StoreOptions>(
  name: unknown,
  options: T,
  rules: OptionRules<T>,
  what: string,
): void {
  const faults: Fault[] = [];
  if (!isName(name)) faults.push({ code: 'INVALID_NAME', at: what, message: `the queue's name won't do: ${nameRule}` });
  faults.push(...optionFaults(options, rules, what));
  const { defaultJobOptions } = (isRecord(options) ? options : {}) as QueueOptions;
  if (isRecord(defaultJobOptions)) faults.push(...jobFaults('any', defaultJobOptions, `${what}.defaultJobOptions`));
  if (faults.length > 0) throw new ConfigurationError(`There is no such ${what}:`, faults);
}
