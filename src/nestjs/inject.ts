import { Inject } from '@nestjs/common';
import type { Class } from '../index.js';
import { getAppToken, getFlowProducerToken, getQueueEventsToken, getQueueToken } from './tokens.js';

/**
 * Injects a queue, which the module registers with `StepstreamModule.registerQueue`, by its name or processor.
 *
 * @throws UnknownProcessorError for a class without `@Processor`
 * @example
 * ```ts
 * @Injectable()
 * class Checkout {
 *   constructor(@InjectQueue(OrderProcessor) private readonly orders: Queue<Order>) {}
 * }
 * ```
 */
export function InjectQueue(queue: string | Class, connection?: string): InjectionDecorator {
  return Inject(getQueueToken(queue, connection));
}

/**
 * Injects the events of a queue, which the module registers with `StepstreamModule.registerQueueEvents`.
 *
 * @throws UnknownProcessorError for a class without `@Processor`
 */
export function InjectQueueEvents(queue: string | Class, connection?: string): InjectionDecorator {
  return Inject(getQueueEventsToken(queue, connection));
}

/** Injects the `FlowProducer` of a connection; it needs no registration. */
export function InjectFlowProducer(connection?: string): InjectionDecorator {
  return Inject(getFlowProducerToken(connection));
}

/** Injects the `App` of a connection: its workers, its health. Starting and closing it is the module's business. */
export function InjectApp(connection?: string): InjectionDecorator {
  return Inject(getAppToken(connection));
}

type InjectionDecorator = ReturnType<typeof Inject>;
