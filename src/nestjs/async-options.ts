import type { Provider } from '@nestjs/common';
import { ConfigurationError } from '../index.js';
import { checkOptions, ruleOf } from './faults.js';
import type { AsyncOptions } from './options.js';

const { given } = ruleOf;

const asyncRules = {
  imports: given,
  inject: given,
  useFactory: given,
  useClass: given,
  useExisting: given,
  extraProviders: given,
};

/**
 * Provides options that are known later under a token.
 *
 * @param make calls the factory that `useClass` or `useExisting` names
 * @throws ConfigurationError unless one of the ways is named
 */
export function asyncOptions<Options, Factory>(
  token: symbol,
  options: AsyncOptions<Options, Factory>,
  make: (factory: Factory) => Options | Promise<Options>,
  at: string,
): Provider[] {
  checkOptions(options, asyncRules, at);
  const { useFactory, useClass, useExisting, inject = [], extraProviders = [] } = options;
  if ([useFactory, useClass, useExisting].filter((way) => way !== undefined).length !== 1) {
    const message = 'name one of useFactory, useClass and useExisting';
    throw new ConfigurationError(`${at} was called wrongly:`, [{ code: 'INVALID_OPTION', at, message }]);
  }
  if (useFactory) return [...extraProviders, { provide: token, useFactory, inject }];
  const factory = (useClass ?? useExisting)!;
  const made = { provide: token, useFactory: make, inject: [factory] };
  return [...extraProviders, ...(useClass ? [useClass] : []), made];
}
