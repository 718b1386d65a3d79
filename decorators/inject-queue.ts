import 'reflect-metadata';
import { injectWithTransform } from 'tsyringe';
import type { Class } from '../src/steps/metadata.js';

/** The app's queues, by name or processor. */
export type Queues = (queue: string | Class) => unknown;

/** Under this token an app registers its queues with tsyringe; tsyringe's error shows the description. */
export const queuesToken = Symbol('the queues of an app: give this container to createApp as `resolver`');

/**
 * Injects the app's queue of this name or processor into a constructor, by tsyringe: of processors and of what they
 * need; of other classes too, when the container that makes them was given to `createApp` as `resolver`.
 *
 * @remarks A `@singleton()` of tsyringe is made once: it keeps the queue of the app that needed it first.
 * @example
 * ```ts
 * @injectable()
 * class Checkout { constructor(@InjectQueue(OrderProcessor) private readonly orders: Queue<Order>) {} }
 * ```
 */
export function InjectQueue(queue: string | Class): ParameterDecorator {
  return injectWithTransform(queuesToken, QueueByName, queue) as ParameterDecorator;
}

/** tsyringe's way from the registered queues to the one that is injected. */
class QueueByName {
  transform(queues: Queues, queue: string | Class): unknown {
    return queues(queue);
  }
}
