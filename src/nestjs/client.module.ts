import type { DynamicModule, Provider, Type } from '@nestjs/common';
import type { Class } from '../index.js';
import type { Connection } from './connection.js';
import { DeclaredQueue, Declarations } from './declarations.js';
import type { RegisterQueueEventsOptions, StepstreamQueueOptions } from './options.js';
import { connectionToken, defaultConnection, getQueueEventsToken, getQueueToken, queueNameOf } from './tokens.js';
import { WorkersModule } from './workers.module.js';

/** What is injected under a token, and what it is made of. */
interface Client {
  readonly token: string;
  readonly providers: readonly Provider[];
}

/** Clients of queues, for the module that imports this one. */
export function clientModule(
  module: Type,
  clients: readonly Client[],
  imports: DynamicModule['imports'] = [],
): DynamicModule {
  return {
    module,
    imports: [WorkersModule, ...imports],
    providers: clients.flatMap(({ providers }) => providers),
    exports: clients.map(({ token }) => token),
  };
}

/** @param given the token of its options, which `options` provides. @throws UnknownProcessorError */
export function queueClient(
  queue: string | Class,
  connection: string = defaultConnection,
  given: symbol,
  options: readonly Provider[],
): Client {
  const name = queueNameOf(queue);
  const token = getQueueToken(name, connection);
  const client = {
    provide: token,
    useFactory: (settings: StepstreamQueueOptions, declared: Declarations, on?: Connection) =>
      (on ?? declared.missing(connection, name)).queue(name, settings),
    inject: [given, Declarations, optional(connection)],
  };
  const declared = { provide: Symbol('a queue'), useValue: new DeclaredQueue(name, connection) };
  return { token, providers: [declared, ...options, client] };
}

/** @throws UnknownProcessorError */
export function queueEventsClient({
  name: queue,
  connection = defaultConnection,
  lastEventId,
}: RegisterQueueEventsOptions): Client {
  const name = queueNameOf(queue);
  const token = getQueueEventsToken(name, connection);
  const client = {
    provide: token,
    useFactory: (declared: Declarations, on?: Connection) =>
      (on ?? declared.missing(connection, name)).queueEvents(name, lastEventId),
    inject: [Declarations, optional(connection)],
  };
  return { token, providers: [client] };
}

/** Optional, so that the error for a missing one is ours, with the way out. */
function optional(connection: string): { readonly token: string; readonly optional: true } {
  return { token: connectionToken(connection), optional: true };
}
