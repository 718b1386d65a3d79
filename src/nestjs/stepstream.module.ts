import { Module, type DynamicModule, type Provider } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import type { Class } from '../index.js';
import { asyncOptions } from './async-options.js';
import { Connection } from './connection.js';
import { DeclaredConnection, DeclaredQueue, Declarations } from './declarations.js';
import { checkObject, checkOptions, ruleOf } from './faults.js';
import { StepstreamHealthIndicator } from './health-indicator.js';
import { nestResolver } from './nest-resolver.js';
import type {
  RegisterQueueAsyncOptions,
  RegisterQueueEventsOptions,
  RegisterQueueOptions,
  StepstreamModuleAsyncOptions,
  StepstreamModuleOptions,
  StepstreamOptions,
  StepstreamOptionsFactory,
  StepstreamQueueOptions,
  StepstreamQueueOptionsFactory,
} from './options.js';
import {
  connectionToken,
  defaultConnection,
  getAppToken,
  getFlowProducerToken,
  getQueueEventsToken,
  getQueueToken,
  queueNameOf,
} from './tokens.js';
import { WorkersModule } from './workers.module.js';

/**
 * Runs the jobs of the processors that the application's modules provide, and injects queues.
 *
 * @example
 * ```ts
 * @Module({ imports: [StepstreamModule.registerQueue(OrderProcessor)], providers: [OrderProcessor], controllers: [OrdersController] })
 * class OrdersModule {}
 *
 * @Module({ imports: [StepstreamModule.forRoot({ connection: process.env.REDIS_URL }), OrdersModule] })
 * class AppModule {}
 * ```
 */
@Module({})
export class StepstreamModule {
  /**
   * A connection for the whole application, imported once, in the root module. With a `name`: one more.
   *
   * @remarks Nothing connects before the application is ready, unless something calls a queue.
   * @throws ConfigurationError when Nest makes it, with all faults of the options and of the processors' declarations
   */
  static forRoot(options: StepstreamModuleOptions = {}): DynamicModule {
    checkObject(options, 'forRoot');
    const { name, ...rest } = options;
    const given = Symbol('the options of a connection');
    return connectionModule(name, given, [{ provide: given, useValue: rest }]);
  }

  /**
   * {@link forRoot} with options that are known later: a configuration service's, a secret's.
   *
   * @throws ConfigurationError
   * @example
   * ```ts
   * StepstreamModule.forRootAsync({
   *   inject: [ConfigService],
   *   useFactory: (config: ConfigService) => ({ connection: config.getOrThrow('REDIS_URL') }),
   * });
   * ```
   */
  static forRootAsync({ name, ...options }: StepstreamModuleAsyncOptions): DynamicModule {
    const given = Symbol('the options of a connection');
    const make = (factory: StepstreamOptionsFactory) => factory.createStepstreamOptions();
    const providers = asyncOptions<StepstreamOptions, StepstreamOptionsFactory>(given, options, make, 'forRootAsync');
    return connectionModule(name, given, providers, options.imports);
  }

  /**
   * Queues for the providers of a module: by name, by processor, or with options.
   *
   * @throws ConfigurationError, UnknownProcessorError
   * @example
   * ```ts
   * StepstreamModule.registerQueue(OrderProcessor, 'mail', { name: 'reports', connection: 'archive' });
   * ```
   */
  static registerQueue(...queues: readonly (string | Class | RegisterQueueOptions)[]): DynamicModule {
    const rules = { name: ruleOf.queue, connection: ruleOf.connection, defaultJobOptions: ruleOf.given };
    return clientModule(
      queues.map((queue) => {
        const { name, connection, ...options } = described<RegisterQueueOptions>(queue, rules, 'registerQueue');
        const given = Symbol("a queue's options");
        return queueProviders(name, connection, given, [{ provide: given, useValue: options }]);
      }),
    );
  }

  /** {@link registerQueue} with options that are known later. @throws ConfigurationError, UnknownProcessorError */
  static registerQueueAsync(...queues: readonly RegisterQueueAsyncOptions[]): DynamicModule {
    const make = (factory: StepstreamQueueOptionsFactory) => factory.createQueueOptions();
    return clientModule(
      queues.map(({ name, connection, ...options }) => {
        const given = Symbol("a queue's options");
        const providers = asyncOptions<StepstreamQueueOptions, StepstreamQueueOptionsFactory>(
          given,
          options,
          make,
          'registerQueueAsync',
        );
        return queueProviders(name, connection, given, providers);
      }),
      queues.flatMap(({ imports = [] }) => imports),
    );
  }

  /**
   * What happens in queues, for the providers of a module: they listen from when the application is ready.
   *
   * @throws ConfigurationError, UnknownProcessorError
   */
  static registerQueueEvents(...queues: readonly (string | Class | RegisterQueueEventsOptions)[]): DynamicModule {
    const rules = { name: ruleOf.queue, connection: ruleOf.connection, lastEventId: ruleOf.given };
    return clientModule(
      queues.map((queue) => {
        const options = described<RegisterQueueEventsOptions>(queue, rules, 'registerQueueEvents');
        const { connection = defaultConnection, lastEventId } = options;
        const name = queueNameOf(options.name);
        const events: Provider = {
          provide: getQueueEventsToken(name, connection),
          useFactory: (declared: Declarations, on?: Connection) =>
            (on ?? declared.missing(connection, name)).queueEvents(name, lastEventId),
          inject: [Declarations, { token: connectionToken(connection), optional: true }],
        };
        return [events];
      }),
    );
  }
}

function connectionModule(
  name: string = defaultConnection,
  given: symbol,
  options: readonly Provider[],
  imports: DynamicModule['imports'] = [],
): DynamicModule {
  checkOptions({ name }, { name: ruleOf.connection }, 'forRoot');
  const token = connectionToken(name);
  const connection: Provider = {
    provide: token,
    useFactory: (settings: StepstreamOptions, declared: Declarations, nest: ModuleRef) =>
      new Connection(name, settings, declared.processorsOf(name), nestResolver(nest)),
    inject: [given, Declarations, ModuleRef],
  };
  const app = { provide: getAppToken(name), useFactory: (on: Connection) => on.app, inject: [token] };
  const flows = {
    provide: getFlowProducerToken(name),
    useFactory: (on: Connection) => on.flowProducer(),
    inject: [token],
  };
  return {
    module: ConnectionModule,
    global: true,
    imports: [WorkersModule, ...imports],
    providers: [
      { provide: Symbol('a connection'), useValue: new DeclaredConnection(name) },
      ...options,
      connection,
      app,
      flows,
      StepstreamHealthIndicator,
    ],
    exports: [token, app.provide, flows.provide, StepstreamHealthIndicator],
  };
}

/** One for each connection: global, and so the last that Nest shuts down. */
@Module({})
class ConnectionModule {}

function clientModule(
  providers: readonly (readonly Provider[])[],
  imports: DynamicModule['imports'] = [],
): DynamicModule {
  const all = providers.flat();
  const tokens = all.flatMap((each) => ('provide' in each && typeof each.provide === 'string' ? [each.provide] : []));
  return { module: StepstreamModule, imports: [WorkersModule, ...imports], providers: all, exports: tokens };
}

function described<T extends { readonly name: string | Class }>(
  queue: string | Class | T,
  rules: Parameters<typeof checkOptions>[1],
  at: string,
): T {
  const options = typeof queue === 'object' && queue !== null ? queue : ({ name: queue } as T);
  checkOptions(options, rules, at);
  return options;
}

function queueProviders(
  queue: string | Class,
  connection: string = defaultConnection,
  given: symbol,
  options: readonly Provider[],
): readonly Provider[] {
  const name = queueNameOf(queue);
  return [
    { provide: Symbol('a queue'), useValue: new DeclaredQueue(name, connection) },
    ...options,
    {
      provide: getQueueToken(name, connection),
      useFactory: (settings: StepstreamQueueOptions, declared: Declarations, on?: Connection) =>
        (on ?? declared.missing(connection, name)).queue(name, settings),
      inject: [given, Declarations, { token: connectionToken(connection), optional: true }],
    },
  ];
}
