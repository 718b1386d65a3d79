import type { Fault } from '../errors.js';
import { isDuration, milliseconds } from './duration.js';

/** Whether a value will do for an option, and what would. */
export interface OptionRule {
  readonly test: (value: unknown) => boolean;
  readonly expects: string;
}

/** The rules of one options object, by option name. */
export type OptionRules<T> = { readonly [K in keyof Required<T>]: OptionRule };

export const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && (value as number) >= 0;
export const isMilliseconds = (value: unknown): boolean =>
  typeof value === 'number' && Number.isFinite(value) && value >= 0;

export const rules = {
  count: { test: isCount, expects: 'a whole number from 0 up' },
  atLeastOne: { test: (value: unknown) => isCount(value) && value !== 0, expects: 'a whole number from 1 up' },
  milliseconds: { test: isMilliseconds, expects: 'milliseconds, a number from 0 up' },
  /** Of the store's locks and timers, which know no fractions. */
  period: {
    test: (value: unknown) => isCount(value) && value !== 0,
    expects: 'milliseconds, a whole number from 1 up',
  },
  boolean: { test: (value: unknown) => typeof value === 'boolean', expects: 'true or false' },
  text: { test: (value: unknown) => typeof value === 'string', expects: 'a text' },
  timeout: {
    test: (value: unknown) => isDuration(value) && milliseconds(value) > 0,
    expects: "milliseconds, or text such as '30 s', more than 0",
  },
  backoff: {
    test: (value: unknown) => isMilliseconds(value) || isBackoff(value),
    expects: "milliseconds or { type: 'fixed' | 'exponential', delay, jitter? }, with a jitter from 0 to 1",
  },
} as const satisfies Record<string, OptionRule>;

export function isBackoff(value: unknown): boolean {
  if (!isRecord(value)) return false;
  const { type, delay, jitter = 0, ...rest } = value;
  const known = (type === 'fixed' || type === 'exponential') && Object.keys(rest).length === 0;
  return known && isMilliseconds(delay) && isMilliseconds(jitter) && (jitter as number) <= 1;
}

/** What is wrong with an options object; an option that is undefined counts as absent. */
export function optionFaults<T extends object>(options: T, allowed: OptionRules<T>, at: string): readonly Fault[] {
  if (!isRecord(options)) return [{ code: 'INVALID_OPTION', at, message: 'the options must be an object' }];
  return Object.entries(options).flatMap(([name, value]): readonly Fault[] => {
    // an own member only: there is no option "constructor"
    if (!Object.hasOwn(allowed, name)) {
      const message = `there is no option "${name}"; there are ${Object.keys(allowed).join(', ')}`;
      return [{ code: 'UNKNOWN_OPTION', at, message }];
    }
    const { test, expects } = allowed[name as keyof T];
    if (value === undefined || test(value)) return [];
    return [{ code: 'INVALID_OPTION', at, message: `${name} must be ${expects}` }];
  });
}

/** An object with options, not a list; what it holds is unknown. */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
