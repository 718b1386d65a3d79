import type { DiscoveryService } from '@nestjs/core';
import { processorOf, type Class } from '../index.js';

/** Nest's record of a provider. */
export type ProviderRecord = ReturnType<DiscoveryService['getProviders']>[number];

/** A processor that some module provides. */
export interface ProcessorProvider {
  readonly processor: Class;
  readonly provider: ProviderRecord;
}

/** The processors among the providers of all modules, as far as they are known before anything is made. */
export function processorProviders(discovery: DiscoveryService): readonly ProcessorProvider[] {
  return discovery.getProviders().flatMap((provider) => {
    const processor = provider.isAlias ? undefined : processorClass(provider);
    return processor ? [{ processor, provider }] : [];
  });
}

/** The class that is made, when it is a processor; else the one whose place it takes, as a fake in a test does. */
function processorClass({ metatype, token, instance }: ProviderRecord): Class | undefined {
  const ofValue = metatype === null ? (instance as object | null | undefined)?.constructor : undefined;
  return [metatype, ofValue, token].find((each): each is Class => processorOf(each) !== undefined);
}

/** `OrderProcessor in OrdersModule`, for messages. */
export function placeOf({ token, host }: ProviderRecord): string {
  const name = typeof token === 'function' ? token.name : String(token);
  return `${name} in ${host?.name ?? 'some module'}`;
}
