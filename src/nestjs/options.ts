import type { FactoryProvider, ModuleMetadata, Provider, Type } from '@nestjs/common';
import type { AppOptions, Class, JobOptions } from '../index.js';

/** Options of a connection: those of `createApp`, but for what the module finds itself. */
export interface StepstreamOptions extends Omit<AppOptions, 'processors' | 'resolver'> {
  /** Whether this process runs jobs. `false`: it adds them only, whatever processors its modules have. Default true. */
  readonly workers?: boolean;
}

/** Options of `StepstreamModule.forRoot`. */
export interface StepstreamModuleOptions extends StepstreamOptions {
  /** The connection's name, where there are several. Default `'default'`. */
  readonly name?: string;
}

/** Makes the options of a connection, for `useClass` and `useExisting`. */
export interface StepstreamOptionsFactory {
  createStepstreamOptions(): StepstreamOptions | Promise<StepstreamOptions>;
}

/** Where options come from that are known later: one of `useFactory`, `useClass` and `useExisting`. */
export interface AsyncOptions<Options, Factory> extends Pick<ModuleMetadata, 'imports'> {
  readonly useFactory?: FactoryProvider<Options>['useFactory'];
  /** What `useFactory` is called with. */
  readonly inject?: FactoryProvider['inject'];
  readonly useClass?: Type<Factory>;
  readonly useExisting?: Type<Factory>;
  /** More providers for the module that makes the options. */
  readonly extraProviders?: Provider[];
}

/** Options of `StepstreamModule.forRootAsync`. */
export interface StepstreamModuleAsyncOptions extends AsyncOptions<StepstreamOptions, StepstreamOptionsFactory> {
  readonly name?: string;
}

/** Options of one queue object. */
export interface StepstreamQueueOptions {
  /** For jobs that are added through it and have no such option of their own. */
  readonly defaultJobOptions?: JobOptions;
}

/** What `StepstreamModule.registerQueue` takes for a queue, if it is more than its name or processor. */
export interface RegisterQueueOptions extends StepstreamQueueOptions {
  readonly name: string | Class;
  /** The name of the connection. Default: the default one. */
  readonly connection?: string;
}

/** Makes the options of a queue, for `useClass` and `useExisting`. */
export interface StepstreamQueueOptionsFactory {
  createQueueOptions(): StepstreamQueueOptions | Promise<StepstreamQueueOptions>;
}

/** Options of `StepstreamModule.registerQueueAsync`. */
export interface RegisterQueueAsyncOptions extends AsyncOptions<StepstreamQueueOptions, StepstreamQueueOptionsFactory> {
  readonly name: string | Class;
  readonly connection?: string;
}

/** What `StepstreamModule.registerQueueEvents` takes for a queue, if it is more than its name or processor. */
export interface RegisterQueueEventsOptions {
  readonly name: string | Class;
  readonly connection?: string;
  /** Begins after this event, as far as the store still has what came then; `'0'`: with the first. Default: from now on. */
  readonly lastEventId?: string;
}
