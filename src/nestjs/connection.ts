import { Logger, type OnApplicationShutdown } from '@nestjs/common';
import {
  ConfigurationError,
  createApp,
  FlowProducer,
  Queue,
  QueueEvents,
  type App,
  type Class,
  type Fault,
  type Resolver,
  type StoreOptions,
} from '../index.js';
import { checkObject, checkOptions, refuse, ruleOf } from './faults.js';
import type { StepstreamOptions, StepstreamQueueOptions } from './options.js';
import { defaultConnection } from './tokens.js';

/** An app, and what the application has injected of it. It disconnects last, when Nest has closed all else. */
export class Connection implements OnApplicationShutdown {
  readonly name: string;
  readonly app: App;
  readonly #runsJobs: boolean;
  readonly #store: StoreOptions;
  readonly #events: QueueEvents[] = [];
  readonly #clients: { close(): Promise<void> }[] = [];

  /** @throws ConfigurationError with every fault of the options and of the processors' declarations */
  constructor(name: string, options: StepstreamOptions, processors: readonly Class[], resolver: Resolver) {
    this.name = name;
    checkObject(options, `connection "${name}"`);
    this.#runsJobs = options.workers !== false;
    const logger = options.logger ?? new Logger(name === defaultConnection ? 'Stepstream' : `Stepstream ${name}`);
    this.app = appOf(name, { ...options, logger }, this.#runsJobs ? processors : [], resolver);
    const { workers: _workers, grace: _grace, ...store } = options;
    this.#store = { ...store, connection: this.app.engine, logger };
  }

  /** The app's own queue, or one more with options of its own. @throws ConfigurationError */
  queue(name: string, options: StepstreamQueueOptions): Queue {
    checkOptions(options, { defaultJobOptions: ruleOf.given }, `queue "${name}"`);
    if (options.defaultJobOptions === undefined) return this.app.queue(name);
    return this.#kept(new Queue(name, { ...this.#store, ...options }));
  }

  /** @throws ConfigurationError */
  queueEvents(name: string, lastEventId: string | undefined): QueueEvents {
    const events = new QueueEvents(name, { ...this.#store, autorun: false, ...(lastEventId && { lastEventId }) });
    this.#events.push(events);
    return this.#kept(events);
  }

  flowProducer(): FlowProducer {
    return this.#kept(new FlowProducer(this.#store));
  }

  #kept<T extends { close(): Promise<void> }>(client: T): T {
    this.#clients.push(client);
    return client;
  }

  /** Begins to listen, and to run jobs. @throws ResolveError when Nest can't make a processor */
  async start(): Promise<void> {
    for (const events of this.#events) await events.run();
    if (this.#runsJobs) await this.app.start();
  }

  async onApplicationShutdown(): Promise<void> {
    for (const client of this.#clients) await client.close();
    await this.app.close();
  }
}

function appOf(name: string, options: StepstreamOptions, processors: readonly Class[], resolver: Resolver): App {
  const at = `connection "${name}"`;
  const faults = ownFaults(options, at);
  const ofApp = Object.fromEntries(
    Object.entries(options).filter(([option]) => option !== 'workers' && !Object.hasOwn(elsewhere, option)),
  );
  let app: App | undefined;
  try {
    app = createApp({ ...ofApp, processors, resolver });
  } catch (error) {
    if (!(error instanceof ConfigurationError)) throw error;
    faults.push(...error.faults.map((fault) => (fault.at === 'createApp' ? { ...fault, at } : fault)));
  }
  refuse('StepstreamModule has mistakes:', faults);
  return app!;
}

/** What createApp and @nestjs/bullmq take here, and where it is in this module. */
const elsewhere: Readonly<Record<string, string>> = {
  processors: 'processors are found among the providers of all modules',
  resolver: 'processors are found among the providers of all modules',
  defaultJobOptions: "they are a queue's, registerQueue({ name, defaultJobOptions })",
};

function ownFaults(options: StepstreamOptions, at: string): Fault[] {
  const faults = Object.entries(elsewhere)
    .filter(([name]) => Object.hasOwn(options, name))
    .map(([name, where]): Fault => ({ code: 'UNKNOWN_OPTION', at, message: `there is no option "${name}": ${where}` }));
  const { workers } = options;
  if (workers === undefined || typeof workers === 'boolean') return faults;
  return [...faults, { code: 'INVALID_OPTION', at, message: 'workers must be true or false' }];
}
