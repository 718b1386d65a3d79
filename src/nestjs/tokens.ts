import { processorOf, UnknownProcessorError, type Class } from '../index.js';

/** The connection of whoever names none. */
export const defaultConnection = 'default';

/**
 * Under this token Nest knows a queue that was registered, by its name or processor: to get it from a `ModuleRef`, or to
 * override it in a test.
 *
 * @throws UnknownProcessorError for a class without `@Processor`
 * @example
 * ```ts
 * Test.createTestingModule({ imports: [OrdersModule] }).overrideProvider(getQueueToken('orders')).useValue(fake);
 * ```
 */
export function getQueueToken(queue: string | Class, connection?: string): string {
  return token('Queue', connection, queueNameOf(queue));
}

/** Under this token Nest knows the events of a queue. @throws UnknownProcessorError for a class without `@Processor` */
export function getQueueEventsToken(queue: string | Class, connection?: string): string {
  return token('QueueEvents', connection, queueNameOf(queue));
}

/** Under this token Nest knows the `App` of a connection. */
export function getAppToken(connection?: string): string {
  return token('App', connection);
}

/** Under this token Nest knows the `FlowProducer` of a connection. */
export function getFlowProducerToken(connection?: string): string {
  return token('FlowProducer', connection);
}

export function connectionToken(connection?: string): string {
  return token('Connection', connection);
}

function token(what: string, connection = defaultConnection, of?: string): string {
  return ['Stepstream', what, connection, ...(of === undefined ? [] : [of])].join('_');
}

/** @throws UnknownProcessorError */
export function queueNameOf(queue: string | Class): string {
  const name = typeof queue === 'string' ? queue : processorOf(queue)?.queue;
  if (name !== undefined) return name;
  const which = typeof queue === 'function' ? queue.name : 'what was given';
  const wayOut =
    queue === undefined ? 'do two files import each other? Give the name' : 'give the class that has it, or the name';
  throw new UnknownProcessorError(`${which} has no @Processor of its own: it has no queue; ${wayOut}`);
}
