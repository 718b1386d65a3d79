import { ConfigurationError, type Fault } from './errors.js';
import { closeOptionRules } from './job/close-options.js';
import { optionFaults, type OptionRules } from './job/options.js';
import type { Resolver } from './resolver.js';
import type { Class } from './steps/metadata.js';
import { planQueues, type QueuePlan } from './steps/queue-plan.js';
import { hasMethods, storeOptionRules, type StoreOptions } from './stores.js';

/** Options of `createApp`. */
export interface AppOptions extends StoreOptions {
  /** The classes whose jobs this app runs. Default none: an app that only adds jobs. */
  readonly processors?: readonly Class[];
  /**
   * Makes the processors' instances. Default: tsyringe's container. A container of tsyringe that is given here also
   * injects the app's queues into what it makes itself, until the app is closed.
   */
  readonly resolver?: Resolver;
  /**
   * Longest time that running jobs get to come to their next durable write when the app ends, unless `drain` or `close` says so
   * itself: milliseconds, or text. Default 10 s.
   */
  readonly grace?: number | string;
}

/**
 * The plans of the app's workers.
 *
 * @throws ConfigurationError with every fault of the options and of the processors' declarations
 */
export function plansOf(options: AppOptions): readonly QueuePlan[] {
  const faults: Fault[] = [...optionFaults(options, appOptionRules, 'createApp')];
  const processors = Array.isArray(options?.processors) ? options.processors : [];
  const plans = planQueues(processors, faults);
  if (faults.length > 0) throw new ConfigurationError('The app has mistakes:', faults);
  return plans;
}

const appOptionRules: OptionRules<AppOptions> = {
  ...storeOptionRules,
  processors: { test: Array.isArray, expects: 'a list of classes' },
  resolver: {
    test: (value) => hasMethods(value, 'get') || hasMethods(value, 'resolve'),
    expects: 'a container with get(class) or resolve(class)',
  },
  ...closeOptionRules,
};
