import type { INestApplicationContext } from '@nestjs/common';
import { ContextIdFactory, DiscoveryService, ModulesContainer, type ModuleRef } from '@nestjs/core';
import { perJob, ResolveError, type Class, type Job, type JobInstance, type Resolver } from '../index.js';
import { processorProviders, type ProcessorProvider, type ProviderRecord } from './processor-provider.js';

/**
 * Makes processors by Nest: as they are provided in its modules, overrides of a test included. For `JobTestBed`; the workers
 * of `StepstreamModule` have it already.
 *
 * @param nest an application, a testing module, or a `ModuleRef`
 * @example
 * ```ts
 * const module = await Test.createTestingModule({ imports: [OrdersModule] }).overrideProvider(Mail).useValue(mail).compile();
 * const bed = new JobTestBed({ processors: [OrderProcessor], resolver: nestResolver(module) });
 * ```
 */
export function nestResolver(nest: INestApplicationContext | ModuleRef): Resolver {
  let found: readonly ProcessorProvider[] | undefined;
  return {
    get(processor: Class): unknown {
      found ??= processorProviders(new DiscoveryService(nest.get(ModulesContainer, { strict: false })));
      const provider = (
        found.find((each) => each.processor === processor) ?? found.find((each) => each.provider.token === processor)
      )?.provider;
      if (!provider) return unprovided(processor);
      if (!provider.isDependencyTreeStatic()) return perJob((job) => resolveFor(job, provider, nest));
      return provider.isTransient ? nest.resolve(provider.token, undefined, { strict: false }) : provider.instance;
    },
  };
}

/** One that needs nothing is made all the same: a stand-in of a test. @throws ResolveError */
function unprovided(processor: Class): undefined {
  if (processor.length === 0) return undefined;
  throw new ResolveError(`no module of the application provides ${processor.name}: add it to the providers of one`);
}

/** In Nest's terms the job is the request, and is forgotten with its context. */
async function resolveFor(
  job: Job,
  provider: ProviderRecord,
  nest: INestApplicationContext | ModuleRef,
): Promise<JobInstance> {
  const contextId = ContextIdFactory.getByRequest(job);
  nest.registerRequestByContextId(provider.isDependencyTreeDurable() ? contextId.payload : job, contextId);
  return { instance: await nest.resolve<object>(provider.token as Class<object>, contextId, { strict: false }) };
}
