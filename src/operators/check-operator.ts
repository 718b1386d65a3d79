import { isName, nameRule } from '../engine/names.js';
import { ConfigurationError, type Fault } from '../errors.js';
import { optionFaults, rules, type OptionRules } from '../job/options.js';

const key = { test: isName, expects: `a name that no other gate of the step has; ${nameRule}` };

/** The options of all operators; each allows some of them. */
const optionRules = {
  key,
  settled: rules.boolean,
  detached: rules.boolean,
  concurrency: rules.atLeastOne,
};

/**
 * Refuses an operator's wrong arguments at the call, all together.
 *
 * @param functions arguments that must be functions, by name
 * @throws ConfigurationError
 */
export function checkOperator(
  operator: string,
  options: object,
  allowed: readonly (keyof typeof optionRules)[],
  functions: Readonly<Record<string, unknown>> = {},
): void {
  const rulesOfOperator = Object.fromEntries(allowed.map((name) => [name, optionRules[name]]));
  const faults: Fault[] = [...optionFaults(options, rulesOfOperator as OptionRules<object>, operator)];
  for (const [name, value] of Object.entries(functions)) {
    if (typeof value === 'function') continue;
    faults.push({ code: 'INVALID_OPTION', at: operator, message: `${name} must be a function` });
  }
  if (faults.length > 0) throw new ConfigurationError(`${operator}() can not be applied:`, faults);
}
