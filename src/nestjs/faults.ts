import { ConfigurationError, type Fault } from '../index.js';

/** The rules of one options object of the module: whether a value will do, and what would. */
type Rules = Readonly<Record<string, readonly [test: (value: unknown) => boolean, expects: string]>>;

const isText = (value: unknown): boolean => typeof value === 'string' && value !== '';

export const ruleOf = {
  connection: [isText, "a connection's name"],
  queue: [(value) => isText(value) || typeof value === 'function', "a queue's name, or a processor"],
  flag: [(value) => typeof value === 'boolean', 'true or false'],
  given: [() => true, ''],
} as const satisfies Rules;

/** @throws ConfigurationError that names all that is wrong with the options of a call */
export function checkOptions(options: unknown, rules: Rules, at: string): void {
  checkObject(options, at);
  refuse(`${at} was called wrongly:`, optionFaults(options, rules, at));
}

/** @throws ConfigurationError for what is no object */
export function checkObject(options: unknown, at: string): asserts options is object {
  if (typeof options === 'object' && options !== null && !Array.isArray(options)) return;
  refuse(`${at} was called wrongly:`, [{ code: 'INVALID_OPTION', at, message: 'the options must be an object' }]);
}

function optionFaults(options: object, rules: Rules, at: string): readonly Fault[] {
  return Object.entries(options).flatMap(([name, value]): readonly Fault[] => {
    if (!Object.hasOwn(rules, name)) {
      const message = `there is no option "${name}"; there are ${Object.keys(rules).join(', ')}`;
      return [{ code: 'UNKNOWN_OPTION', at, message }];
    }
    const [test, expects] = rules[name]!;
    if (value === undefined || test(value)) return [];
    return [{ code: 'INVALID_OPTION', at, message: `${name} must be ${expects}` }];
  });
}

/** @throws ConfigurationError if there are faults */
export function refuse(what: string, faults: readonly Fault[]): void {
  if (faults.length > 0) throw new ConfigurationError(what, faults);
}
