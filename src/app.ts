import { plansOf, type AppOptions } from './app-options.js';
import { whenReady } from './engine/awaitable.js';
import type { Engine } from './engine/engine.js';
import { isName, nameRule } from './engine/names.js';
import { ClosedError, ConfigurationError, UnknownProcessorError } from './errors.js';
import { HealthCheck, type AppHealth, type AppPhase, type HealthOptions } from './health.js';
import { graceOf, type CloseOptions } from './job/close-options.js';
import { milliseconds } from './job/duration.js';
import { failureOf } from './job/failure.js';
import type { JobContext } from './job/job-context.js';
import { Job } from './job/job.js';
import { JobInstances } from './job-instances.js';
import { PerJob } from './per-job.js';
import { Queue } from './queue/queue.js';
import { lendQueues, openInstances, type Instances } from './resolver.js';
import type { DataOf } from './steps/children.js';
import { runJob } from './steps/job-run.js';
import { classNameOf, processorOf, type Class } from './steps/metadata.js';
import type { QueuePlan } from './steps/queue-plan.js';
import { openStore } from './stores.js';
import type { JobRunner } from './worker/job-runner.js';
import { Worker } from './worker/worker.js';

export type { AppOptions } from './app-options.js';
export type { CloseOptions } from './job/close-options.js';

/** Adds jobs and, once started, runs them. */
export interface App {
  readonly engine: Engine;
  /**
   * Makes the processors' instances, then starts a worker for each queue that they handle.
   *
   * @throws ResolveError when an instance can't be made; no worker runs then, and it may be called again
   */
  start(): Promise<void>;
  /**
   * Ends the running of jobs, and nothing else: no more are taken, those that run go on to their next durable write, for at
   * most `grace`, and are put back at the head of their queue. Queues, the store and what the processors have injected stay
   * usable until `close`: where a host closes part after part, this comes before what the steps use is closed.
   *
   * @remarks It can be called again, as `close` can after it: the shortest grace counts. The app can't be started any more.
   * @throws ConfigurationError
   * @example
   * ```ts
   * await app.drain({ grace: '20 s' });
   * await database.close();
   * await app.close();
   * ```
   */
  drain(options?: CloseOptions): Promise<void>;
  /** Drains, then disposes the processors' instances and disconnects. A second call may make the grace shorter. */
  close(options?: CloseOptions): Promise<void>;
  /** The queue of a processor, or of a name. @throws UnknownProcessorError, ConfigurationError for a wrong name */
  queue<P>(processor: Class<P>): Queue<DataOf<P>>;
  queue<Data = any, Result = any>(name: string): Queue<Data, Result>;
  /**
   * How the app is: the store, and each worker. It asks the store once, waits for the answer 500 ms at most, and never rejects
   * because there is none.
   *
   * @throws ConfigurationError for wrong options
   * @example
   * ```ts
   * server.get('/ready', async (_request, response) => {
   *   const health = await app.health();
   *   response.status(health.status === 'down' ? 503 : 200).json(health);
   * });
   * ```
   */
  health(options?: HealthOptions): Promise<AppHealth>;
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
  return new StepstreamApp(options, plansOf(options));
}

/** Milliseconds (W4). */
const defaultGrace = 10_000;

class StepstreamApp implements App {
  readonly #options: AppOptions;
  readonly #plans: readonly QueuePlan[];
  readonly #context: JobContext;
  readonly #queues = new Map<string, Queue>();
  readonly #workers: ReadonlyMap<string, Worker>;
  readonly #takeQueuesBack: () => void;
  readonly #jobInstances: JobInstances;
  readonly #healthCheck: HealthCheck;
  #made: readonly Instances[] = [];
  #instances: ReadonlyMap<Class, object> = new Map();
  #starting: Promise<void> | undefined;
  #phase: AppPhase = 'created';
  #closing: Promise<void> | undefined;

  constructor(options: AppOptions, plans: readonly QueuePlan[]) {
    this.#options = { ...options };
    this.#plans = plans;
    this.#context = openStore(options);
    this.#jobInstances = new JobInstances((record) => new Job(this.#context, record));
    this.#workers = new Map(plans.map((plan) => [plan.queue, this.#makeWorker(plan)]));
    this.#healthCheck = new HealthCheck(this.engine, [...this.#workers.values()]);
    this.#takeQueuesBack = options.resolver ? lendQueues(options.resolver, this.#queueOf) : () => {};
  }

  get engine(): Engine {
    return this.#context.engine;
  }

  async start(): Promise<void> {
    this.#refuseEnded();
    await (this.#starting ??= this.#start());
  }

  async #start(): Promise<void> {
    const made: Instances[] = [];
    try {
      for (const { plans } of this.#plans) {
        const instances = openInstances(this.#options.resolver, this.#queueOf);
        made.push(instances);
        for (const plan of plans) {
          const making = instances.make(plan);
          if (making) await making; // else not even a microtask: in a TestScheduler's virtual time none would come
        }
      }
      this.#refuseEnded();
    } catch (error) {
      await disposeAll(made);
      this.#starting = undefined; // it may be tried again
      throw error;
    }
    this.#made = made;
    this.#instances = new Map(made.flatMap(({ byProcessor }) => [...byProcessor]));
    this.#phase = 'started';
    for (const worker of this.#workers.values()) void worker.run();
  }

  async drain(options: CloseOptions = {}): Promise<void> {
    graceOf(options, 'app', 'drain');
    await this.#drain(options);
  }

  async #drain(options: CloseOptions): Promise<void> {
    if (this.#phase !== 'closed') this.#phase = 'closing';
    await Promise.all([...this.#workers.values()].map((worker) => worker.close(options)));
    await this.#jobInstances.disposed();
  }

  async close(options: CloseOptions = {}): Promise<void> {
    graceOf(options, 'app');
    this.#context.shutDown();
    if (this.#closing && options.grace !== undefined) await this.#drain(options); // perhaps for less long
    await (this.#closing ??= this.#close(options));
  }

  async #close(options: CloseOptions): Promise<void> {
    await this.#drain(options);
    this.#takeQueuesBack();
    const errors = await disposeAll(this.#made);
    await this.#context.close();
    this.#phase = 'closed';
    if (errors.length > 0) throw new AggregateError(errors, 'the app is closed, but an instance was not disposed');
  }

  queue<P>(processor: Class<P>): Queue<DataOf<P>>;
  queue<Data = any, Result = any>(name: string): Queue<Data, Result>;
  queue(queue: string | Class): Queue {
    return this.#queueOf(queue);
  }

  health(options?: HealthOptions): Promise<AppHealth> {
    return this.#healthCheck.look(this.#phase, options);
  }

  worker(processor: Class): Worker {
    const plan = this.#plans.find(({ plans }) => plans.some((each) => each.processor === processor));
    const worker = plan && this.#workers.get(plan.queue);
    if (worker) return worker;
    throw new UnknownProcessorError(`${describe(processor)} is not one of the app's processors: give it to createApp`);
  }

  readonly #queueOf = (queue: string | Class): Queue => {
    const name = queueName(queue);
    let found = this.#queues.get(name);
    if (!found) this.#queues.set(name, (found = new Queue(name, this.#context)));
    return found;
  };

  #makeWorker({ queue, options, find }: QueuePlan): Worker {
    const { concurrency, lockDuration, stalledInterval, maxStalledCount, parkAfter, unknownStepGrace } = options;
    const { engine, prefix, payloads } = this.#context;
    const jobRunOptions = {
      prefix,
      payloads,
      parkAfter,
      unknownStepGrace,
      find: (jobName: string) => {
        const plan = find(jobName);
        if (!plan) return undefined;
        const instance = this.#instances.get(plan.processor)!;
        return { plan, instance: instance instanceof PerJob ? this.#jobInstances.maker(plan, instance) : instance };
      },
    };
    const steps: JobRunner = {
      isFunction: false,
      grace: milliseconds(this.#options.grace ?? defaultGrace),
      run: (activation) => runJob(activation, jobRunOptions),
      cancel: (activation, reason) =>
        whenReady(
          () => engine.cancel(queue, activation.job.id, reason),
          () => {},
          (error) => activation.warn(`job ${activation.job.id} was not cancelled: ${failureOf(error).reason}`),
        ),
    };
    return new Worker(queue, steps, { concurrency, lockDuration, stalledInterval, maxStalledCount }, this.#context);
  }

  #refuseEnded(): void {
    if (this.#context.shut) throw new ClosedError('the app is closed: create another one');
    if (this.#phase === 'closing')
      throw new ClosedError('the app is drained, and runs no jobs any more: create another one');
  }
}

/** @throws UnknownProcessorError, ConfigurationError */
function queueName(queue: string | Class): string {
  const name = typeof queue === 'string' ? queue : processorOf(queue)?.queue;
  if (name === undefined) {
    throw new UnknownProcessorError(`${describe(queue)} has no @Processor of its own: it has no queue`);
  }
  if (isName(name)) return name;
  const at = `queue ${describe(name)}`;
  throw new ConfigurationError('There is no such queue:', [{ code: 'INVALID_NAME', at, message: nameRule }]);
}

function describe(value: unknown): string {
  if (typeof value === 'function') return classNameOf(value);
  return typeof value === 'string' ? `"${value.slice(0, 128)}"` : value === null ? 'null' : typeof value;
}

/** What the ones that couldn't be disposed threw. */
async function disposeAll(all: readonly Instances[]): Promise<readonly unknown[]> {
  const ends = await Promise.allSettled(all.map((instances) => instances.dispose()));
  return ends.flatMap((end) => (end.status === 'rejected' ? [end.reason] : []));
}
