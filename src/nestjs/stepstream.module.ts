import { Module, type DynamicModule } from '@nestjs/common';
import type { Class } from '../index.js';
import { asyncOptions } from './async-options.js';
import { clientModule, queueClient, queueEventsClient } from './client.module.js';
import { connectionModule } from './connection.module.js';
import { checkObject, checkOptions, ruleOf } from './faults.js';
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
  static forRootAsync(known: StepstreamModuleAsyncOptions): DynamicModule {
    checkObject(known, 'forRootAsync');
    const { name, ...options } = known;
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
    const rules = { ...placeRules, defaultJobOptions: ruleOf.given };
    const clients = queues.map((queue) => {
      const { name, connection, ...options } = described<RegisterQueueOptions>(queue, rules, 'registerQueue');
      const given = Symbol("a queue's options");
      return queueClient(name, connection, given, [{ provide: given, useValue: options }]);
    });
    return clientModule(StepstreamModule, clients);
  }

  /** {@link registerQueue} with options that are known later. @throws ConfigurationError, UnknownProcessorError */
  static registerQueueAsync(...queues: readonly RegisterQueueAsyncOptions[]): DynamicModule {
    const at = 'registerQueueAsync';
    const make = (factory: StepstreamQueueOptionsFactory) => factory.createQueueOptions();
    const clients = queues.map((queue) => {
      checkObject(queue, at);
      const { name, connection, ...options } = queue;
      checkOptions({ name, connection }, placeRules, at);
      const given = Symbol("a queue's options");
      const made = asyncOptions<StepstreamQueueOptions, StepstreamQueueOptionsFactory>(given, options, make, at);
      return queueClient(name, connection, given, made);
    });
    const imports = queues.flatMap((queue) => queue.imports ?? []);
    return clientModule(StepstreamModule, clients, imports);
  }

  /**
   * What happens in queues, for the providers of a module: they listen from when the application is ready.
   *
   * @throws ConfigurationError, UnknownProcessorError
   */
  static registerQueueEvents(...queues: readonly (string | Class | RegisterQueueEventsOptions)[]): DynamicModule {
    const rules = { ...placeRules, lastEventId: ruleOf.given };
    const clients = queues.map((queue) =>
      queueEventsClient(described<RegisterQueueEventsOptions>(queue, rules, 'registerQueueEvents')),
    );
    return clientModule(StepstreamModule, clients);
  }
}

const placeRules = { name: ruleOf.queue, connection: ruleOf.connection };

/** @throws ConfigurationError */
function described<T extends { readonly name: string | Class }>(
  queue: string | Class | T,
  rules: Parameters<typeof checkOptions>[1],
  at: string,
): T {
  const options = typeof queue === 'object' && queue !== null ? queue : ({ name: queue } as T);
  checkOptions(options, rules, at);
  return options;
}
