import { container, type DependencyContainer } from 'tsyringe';
import { queuesToken, type Queues } from '../decorators/inject-queue.js';
import { ResolveError } from './errors.js';
import { failureOf } from './job/failure.js';
import { classNameOf, type Class } from './steps/metadata.js';
import type { Plan } from './steps/plan.js';

/** A container of any make that is asked by class: `get` (Nest, inversify, TypeDI) or `resolve` (tsyringe), later too. */
export type Resolver = { get(token: Class): unknown } | { resolve(token: Class): unknown };

/** The instances of one worker's processors. */
export interface Instances {
  readonly byProcessor: ReadonlyMap<Class, object>;
  dispose(): Promise<void>;
}

/**
 * Makes one instance of each processor of a worker: with tsyringe in a child container, which knows the app's queues
 * and is disposed with the worker.
 *
 * @throws ResolveError that says how to mend it; then nothing is left undisposed
 */
export async function makeInstances(
  plans: readonly Plan[],
  resolver: Resolver = container,
  queues: Queues,
): Promise<Instances> {
  const child = isTsyringe(resolver) ? resolver.createChildContainer() : undefined;
  child?.register(queuesToken, { useValue: queues });
  const byProcessor = new Map<Class, object>();
  const dispose = async (): Promise<void> => child?.dispose();
  try {
    for (const plan of plans) {
      const instance = await make(plan.processor, child ?? resolver);
      byProcessor.set(plan.processor, checked(plan, instance));
    }
  } catch (error) {
    await dispose().catch(() => {}); // the first error counts
    throw error;
  }
  return { byProcessor, dispose };
}

async function make(processor: Class, resolver: Resolver): Promise<unknown> {
  try {
    const instance: unknown = await ('get' in resolver ? resolver.get(processor) : resolver.resolve(processor));
    // what the container doesn't know, and needs nothing
    return instance == null && processor.length === 0 ? new processor() : instance;
  } catch (cause) {
    const { reason } = failureOf(cause);
    throw new ResolveError(`${classNameOf(processor)} could not be made: ${reason}\n${wayOut(resolver, reason)}`, {
      cause,
    });
  }
}

function wayOut(resolver: Resolver, reason: string): string {
  if (!isTsyringe(resolver)) return 'Register the class, and what its constructor needs, in your container.';
  if (!reason.includes('TypeInfo not known')) return 'Register what is missing in the container.';
  return (
    'Each class that has something injected needs @injectable(), an import without `type`, and a compiler that emits ' +
    'metadata ("emitDecoratorMetadata" of tsc, "decoratorMetadata" of swc; esbuild and tsx have none); or @inject(token) ' +
    'on each parameter.'
  );
}

/** A stranger's instance would fail job after job. */
function checked({ processor, steps }: Plan, instance: unknown): object {
  const name = classNameOf(processor);
  if (typeof instance !== 'object' || instance === null) {
    throw new ResolveError(`the container that is the \`resolver\` has no ${name}: register it there`);
  }
  const members = instance as Record<string, unknown>;
  const missing = [...steps.values()].find((step) => typeof members[step.name] !== 'function');
  if (!missing) return instance;
  throw new ResolveError(
    `what the container gave for ${name} has no method ${missing.name}: register the class itself`,
  );
}

// --- queues for classes that no processor needs ---

const lenders = new WeakMap<DependencyContainer, Set<Queues>>();

/**
 * Lets `@InjectQueue` find an app's queues in the container itself, for classes that the user has it make.
 *
 * @returns takes them back
 */
export function lendQueues(resolver: Resolver, queues: Queues): () => void {
  if (!isTsyringe(resolver)) return () => {};
  const all = lenders.get(resolver) ?? new Set();
  lenders.set(resolver, all.add(queues));
  if (!resolver.isRegistered(queuesToken)) resolver.register(queuesToken, { useFactory: () => theOnly(all) });
  return () => all.delete(queues);
}

function theOnly(all: ReadonlySet<Queues>): Queues {
  const [queues, another] = all;
  if (queues && !another) return queues;
  throw new ResolveError(
    queues
      ? 'several apps have this container as `resolver`: give each one of its own, container.createChildContainer()'
      : 'the app that had this container as `resolver` is closed',
  );
}

function isTsyringe(resolver: Resolver): resolver is DependencyContainer {
  return 'createChildContainer' in resolver;
}
