import { jsonCodec, type Codec } from './engine/codec.js';
import type { Engine } from './engine/engine.js';
import { memoryEngine } from './engine/memory/memory-engine.js';
import { isName, nameRule } from './engine/names.js';
import { ClosedError, ConfigurationError, UnknownProcessorError, type Fault } from './errors.js';
import type { JobContext } from './job/job.js';
import { optionFaults, type OptionRules } from './job/options.js';
import { Payloads } from './job/payloads.js';
import { Queue } from './queue/queue.js';
import { openScope, type Resolver, type Scope } from './resolver.js';
import type { DataOf } from './steps/children.js';
import { milliseconds } from './steps/duration.js';
import { runJob } from './steps/job-run.js';
import { processorOf, type Class } from './steps/metadata.js';
import { planQueues, type QueuePlan } from './steps/queue-plan.js';
import type { Logger } from './worker/logger.js';
import { Worker } from './worker/worker.js';

export interface AppOptions {
  /** The classes whose jobs this app runs. Default none: an app that only adds jobs. */
  readonly processors?: readonly Class[];
  /** Where jobs are kept. Default: an embedded engine of the app's own, gone with the process. */
  readonly connection?: Engine | undefined;
  /** Makes the processors' instances. Default: tsyringe's container. */
  readonly resolver?: Resolver;
  /** Part of every idempotency key. Default `bull`. */
  readonly prefix?: string;
  /** How values become text. Default JSON. */
  readonly codec?: Codec;
  /** Default: the console. */
  readonly logger?: Logger;
}

/** Adds jobs and, once started, runs them. */
export interface App {
  readonly engine: Engine;
  /** Starts a worker for each queue that a processor handles. @throws ResolveError when an instance can't be made */
  start(): Promise<void>;
  /**
   * Stops gracefully: running jobs go on to their next durable write, for at most `grace` (milliseconds, or text like
   * `'10 s'`; 10 s by default), and are put back at the head of their queue.
   */
  close(options?: { readonly grace?: number | string }): Promise<void>;
  /** The queue of a processor, or of a name. @throws UnknownProcessorError, ConfigurationError for a wrong name */
  queue<P>(processor: Class<P>): Queue<DataOf<P>>;
  queue<Data = any, Result = any>(name: string): Queue<Data, Result>;
  /** The worker that runs the processor's jobs. @throws UnknownProcessorError when the app hasn't it */
  worker(processor: Class): Worker;
}

/**
 * Composes an app. Everything that is wrong with the processors' declarations and with the options is reported here,
 * together.
 *
 * @throws ConfigurationError
 * @example
 * ```ts
 * const app = createApp({ processors: [OrderProcessor] });
 * await app.start();
 * const job = await app.queue(OrderProcessor).add('order', order);
 * ```
 */
export function createApp(options: AppOptions = {}): App {
  return new StepstreamApp(options);
}

class StepstreamApp implements App {
  readonly engine: Engine;
  readonly #ownsEngine: boolean;
  readonly #context: JobContext;
  readonly #options: AppOptions;
  readonly #logger: Logger;
  readonly #plans: readonly QueuePlan[];
  readonly #workers = new Map<string, Worker>();
  readonly #queues = new Map<string, Queue>();
  readonly #scopes: Scope[] = [];
  readonly #instances = new Map<Class, object>();
  #state: 'new' | 'started' | 'closed' = 'new';

  constructor(options: AppOptions) {
    const faults: Fault[] = [...optionFaults(options, appOptionRules, 'createApp')];
    this.#plans = planQueues(options.processors ?? [], faults);
    if (faults.length > 0) throw new ConfigurationError('The app has mistakes:', faults);
    this.#options = options;
    this.#logger = options.logger ?? console;
    this.#ownsEngine = options.connection === undefined;
    this.engine = options.connection ?? memoryEngine();
    this.#context = { engine: this.engine, payloads: new Payloads(options.codec ?? jsonCodec) };
    if ('connection' in options && options.connection === undefined) {
      this.#logger.warn('createApp got a connection that is undefined: jobs are kept in memory, and gone with the process');
    }
    for (const plan of this.#plans) this.#workers.set(plan.queue, this.#makeWorker(plan));
  }

  async start(): Promise<void> {
    this.#refuseClosed();
    if (this.#state === 'started') return;
    this.#state = 'started';
    for (const { plans } of this.#plans) {
      const scope = openScope(this.#options.resolver, (queue) => this.#queueOf(queue));
      this.#scopes.push(scope);
      for (const { processor } of plans) this.#instances.set(processor, await scope.resolve(processor));
    }
    for (const worker of this.#workers.values()) worker.run();
  }

  async close({ grace = 10_000 }: { readonly grace?: number | string } = {}): Promise<void> {
    const ms = milliseconds(grace);
    if (this.#state !== 'closed') {
      this.#state = 'closed';
      await Promise.all([...this.#workers.values()].map((worker) => worker.close({ grace: ms })));
      for (const scope of this.#scopes) await scope.dispose();
      if (this.#ownsEngine) await this.engine.close();
    }
  }

  queue<P>(processor: Class<P>): Queue<DataOf<P>>;
  queue<Data = any, Result = any>(name: string): Queue<Data, Result>;
  queue(queue: string | Class): Queue {
    return this.#queueOf(queue);
  }

  worker(processor: Class): Worker {
    const worker = this.#workers.get(processorOf(processor)?.queue ?? '');
    if (worker && this.#options.processors?.includes(processor)) return worker;
    throw new UnknownProcessorError(`${nameOf(processor)} is not one of the app's processors: pass it to createApp`);
  }

  #queueOf(queue: string | Class): Queue {
    const name = typeof queue === 'function' ? processorOf(queue)?.queue : queue;
    if (name === undefined) throw new UnknownProcessorError(`${nameOf(queue)} has no @Processor: it has no queue`);
    if (!isName(name)) {
      throw new ConfigurationError('There is no such queue:', [
        { code: 'INVALID_NAME', at: `queue "${String(name).slice(0, 128)}"`, message: nameRule },
      ]);
    }
    let found = this.#queues.get(name);
    if (!found) this.#queues.set(name, (found = new Queue(name, this.#context, () => this.#state === 'closed')));
    return found;
  }

  #makeWorker({ queue, options, find }: QueuePlan): Worker {
    const { parkAfter, unknownStepGrace } = options;
    const jobRunOptions = {
      prefix: this.#options.prefix ?? 'bull',
      payloads: this.#context.payloads,
      parkAfter,
      unknownStepGrace,
      find: (jobName: string) => {
        const plan = find(jobName);
        return plan && { plan, instance: this.#instances.get(plan.processor)! };
      },
    };
    return new Worker(queue, this.#context, options, (activation) => runJob(activation, jobRunOptions), this.#logger);
  }

  #refuseClosed(): void {
    if (this.#state === 'closed') throw new ClosedError('the app is closed: create another one');
  }
}

function nameOf(processor: unknown): string {
  return typeof processor === 'function' ? processor.name : String(processor);
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null;
const hasMethods = (...names: readonly string[]) => (value: unknown) =>
  isObject(value) && names.every((name) => typeof (value as Record<string, unknown>)[name] === 'function');

const appOptionRules: OptionRules<AppOptions> = {
  processors: { test: Array.isArray, expects: 'a list of classes' },
  connection: { test: hasMethods('claim', 'checkpoint'), expects: 'an engine; leave it out for the embedded one' },
  resolver: {
    test: (value) => hasMethods('resolve')(value) || hasMethods('get')(value),
    expects: 'a container with resolve(class) or get(class)',
  },
  prefix: { test: (value) => typeof value === 'string' && /^[\w.\-/#{}]{1,128}$/.test(value), expects: `a name; ${nameRule}` },
  codec: { test: hasMethods('encode', 'decode'), expects: 'a codec with encode(value) and decode(payload)' },
  logger: { test: hasMethods('warn', 'error'), expects: 'a logger with warn(message) and error(message)' },
};
