import { container, type DependencyContainer } from 'tsyringe';
import { ResolveError } from './errors.js';
import { queuesToken, type Queues } from './queue/queue-token.js';
import type { Class } from './steps/metadata.js';

/** A container of any make: Nest's and inversify's `get`, tsyringe's and awilix' `resolve`. */
export type Resolver =
  | { resolve(token: Class): unknown; get?: never }
  | { get(token: Class): unknown; resolve?: never }
  | DependencyContainer;

/** Instances for one worker, disposed with it. */
export interface Scope {
  /** @throws ResolveError that says how to mend it */
  resolve(processor: Class): Promise<object>;
  dispose(): Promise<void>;
}

/** A scope of the app's container; of tsyringe's, a child that knows the app's queues. */
export function openScope(resolver: Resolver = container, queues: Queues): Scope {
  if (!isTsyringe(resolver)) {
    return {
      resolve: (processor) => instanceOf(processor, () => (resolver.resolve ? resolver.resolve(processor) : resolver.get?.(processor))),
      dispose: async () => {},
    };
  }
  const child = resolver.createChildContainer();
  child.register(queuesToken, { useValue: queues });
  return {
    resolve: (processor) => instanceOf(processor, () => child.resolve(processor)),
    dispose: async () => child.dispose(),
  };
}

async function instanceOf(processor: Class, make: () => unknown): Promise<object> {
  let instance: unknown;
  try {
    instance = await make();
  } catch (cause) {
    throw new ResolveError(
      `the container could not make ${processor.name}: ${cause instanceof Error ? cause.message : String(cause)}. With tsyringe, ` +
        'constructor injection needs a compiler that emits metadata ("emitDecoratorMetadata" of tsc or swc; esbuild and tsx ' +
        'never do), or @inject on each parameter; with another container, register the class there and pass it as `resolver`.',
      { cause },
    );
  }
  if (typeof instance === 'object' && instance !== null) return instance;
  throw new ResolveError(`the container has no ${processor.name}: register it there`);
}

function isTsyringe(resolver: Resolver): resolver is DependencyContainer {
  return 'createChildContainer' in resolver;
}
