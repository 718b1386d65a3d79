import { container, type DependencyContainer } from 'tsyringe';
import { queuesToken, type Queues } from '../decorators/inject-queue.js';
import { isPromise } from './engine/awaitable.js';
import { ResolveError } from './errors.js';
import { failureOf } from './job/failure.js';
import { PerJob } from './per-job.js';
import { classNameOf, type Class } from './steps/metadata.js';
import type { Plan } from './steps/plan.js';

/**
 * A container of any make that is asked by class: `get` (Nest, inversify, TypeDI) or `resolve` (tsyringe), later too. It answers
 * the instance, or {@link perJob} when each job is to have one of its own.
 */
export type Resolver = { get(token: Class): unknown } | { resolve(token: Class): unknown };

/** The instances of one worker's processors. */
export interface Instances {
  readonly byProcessor: ReadonlyMap<Class, object>;
  /**
   * Makes the instance of a processor: at once when the container answers at once.
   *
   * @throws ResolveError that says how to mend it
   */
  make(plan: Plan): Promise<void> | undefined;
  dispose(): Promise<void>;
}

/**
 * Where the instances of a worker's processors are made: with tsyringe in a child container, which knows the app's queues
 * and is disposed with the worker.
 */
export function openInstances(resolver: Resolver = container, queues: Queues): Instances {
  const child = isTsyringe(resolver) ? resolver.createChildContainer() : undefined;
  child?.register(queuesToken, { useValue: queues });
  const byProcessor = new Map<Class, object>();
  const keep = (plan: Plan, made: unknown): void => {
    const { processor } = plan;
    // what the container doesn't know, and needs nothing
    const instance = made == null && processor.length === 0 ? instanceOf(processor, resolver) : made;
    byProcessor.set(processor, instance instanceof PerJob ? instance : checked(plan, instance));
  };
  return {
    byProcessor,
    make(plan) {
      const { processor } = plan;
      const made = make(processor, child ?? resolver);
      if (!isPromise(made)) {
        keep(plan, made);
        return undefined;
      }
      return made.then(
        (instance) => keep(plan, instance),
        (cause) => {
          throw notMade(processor, resolver, cause);
        },
      );
    },
    dispose: async () => child?.dispose(),
  };
}

function make(processor: Class, resolver: Resolver): unknown {
  try {
    return 'get' in resolver ? resolver.get(processor) : resolver.resolve(processor);
  } catch (cause) {
    throw notMade(processor, resolver, cause);
  }
}

function instanceOf(processor: Class, resolver: Resolver): object {
  try {
    return new processor() as object;
  } catch (cause) {
    throw notMade(processor, resolver, cause);
  }
}

function notMade(processor: Class, resolver: Resolver, cause: unknown): ResolveError {
  const { reason } = failureOf(cause);
  const message = `${classNameOf(processor)} could not be made: ${reason}\n${wayOut(resolver, reason)}`;
  return new ResolveError(message, { cause });
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

/** A stranger's instance would fail job after job. @throws ResolveError */
export function checked({ processor, steps }: Plan, instance: unknown): object {
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
