import 'reflect-metadata';
import { injectWithTransform } from 'tsyringe';
import { QueueByName, queuesToken } from '../src/queue/queue-token.js';
import type { Class } from '../src/steps/metadata.js';

/**
 * Injects the app's queue of this name or processor into a constructor, by tsyringe.
 *
 * @example
 * ```ts
 * @injectable()
 * class Checkout { constructor(@InjectQueue(OrderProcessor) private readonly orders: Queue<Order>) {} }
 * ```
 */
export function InjectQueue(queue: string | Class): ParameterDecorator {
  return injectWithTransform(queuesToken, QueueByName, queue) as ParameterDecorator;
}
