import { EventEmitter } from 'node:events';
import { randomUUID } from 'node:crypto';
import { whenReady } from '../engine/awaitable.js';
import type { JobRecord } from '../engine/records.js';
import { JobCancelledError, JobStalledError, QueueStateError, RateLimitError } from '../errors.js';
import type { Outcome } from '../job/activation.js';
import { checkArgument } from '../job/check-argument.js';
import { graceOf, type CloseOptions } from '../job/close-options.js';
import { milliseconds } from '../job/duration.js';
import { asError, failureOf } from '../job/failure.js';
import type { JobContext } from '../job/job-context.js';
import { Job } from '../job/job.js';
import type { LogFields } from '../job/logger.js';
import { rules } from '../job/options.js';
import { joinStore } from '../stores.js';
import { ClaimLoop } from './claim-loop.js';
import { completedRecord, failedRecord } from './ended-record.js';
import { FunctionRunner } from './function-runner.js';
import type { JobRunner } from './job-runner.js';
import type { LiveActivation } from './live-activation.js';
import type { WorkerEvents } from './worker-events.js';
import type { WorkerFunction } from './worker-function.js';
import { checkWorker, loopOptions, type WorkerOptions } from './worker-options.js';

/**
 * Takes the jobs of one queue and runs them: by a function, or, as an app's worker, by the steps of its processors.
 *
 * @example
 * ```ts
 * const worker = new Worker('mails', async (job) => send(job.data), { connection, concurrency: 10 });
 * worker.on('failed', (job, error) => console.error(job?.id, error));
 * ```
 */
export class Worker<Data = any, Result = any, Name extends string = string> extends EventEmitter<
  WorkerEvents<Data, Result, Name>
> {
  /** The queue's. */
  readonly name: string;
  readonly id = randomUUID();
  readonly opts: WorkerOptions;
  readonly #context: JobContext;
  readonly #ownsContext: boolean;
  readonly #runner: JobRunner;
  readonly #loop: ClaimLoop;
  readonly #autoruns: boolean;
  readonly #unobserve: (() => void) | undefined;
  #running: Promise<void> | undefined;
  #ended: (() => void) | undefined;
  #paused = false;
  #closing: Promise<void> | undefined;

  /**
   * @param processor the function that runs the jobs
   * @throws ConfigurationError that names all that is wrong
   */
  constructor(
    queue: string,
    processor: WorkerFunction<Data, Result, Name> | JobRunner,
    options: WorkerOptions = {},
    context?: JobContext,
  ) {
    super();
    this.#ownsContext = context === undefined;
    if (!context) checkWorker(queue, processor, options);
    this.name = queue;
    this.opts = options;
    this.#context = context ?? joinStore(options);
    this.#runner = typeof processor === 'function' ? this.#runnerOf(processor as WorkerFunction, options) : processor;
    this.#loop = new ClaimLoop(this.#context.engine, loopOptions(queue, options), {
      begin: (activation) => this.#begin(activation),
      ended: (activation, outcome) => this.#end(activation, outcome),
      told: (activation, progress) => this.#tell('progress', () => [this.#handleOf(activation), progress]),
      stalled: (jobId, to) => this.#stalled(jobId, to),
      drained: () => this.#tell('drained', () => []),
      renewed: (jobIds) => this.#tell('locksRenewed', () => [{ count: jobIds.length, jobIds }]),
      report: (error) => this.#report(error),
      warn: (message, fields) => this.#warn(message, fields),
    });
    this.#unobserve = this.#context.telemetry?.worker(this);
    this.#autoruns = !context && options.autorun !== false;
    // later: who has made it is to hear of its first job
    if (this.#autoruns) this.#context.engine.clock.after(0, () => void this.#begun());
  }

  #runnerOf(processor: WorkerFunction, options: WorkerOptions): JobRunner {
    const { timeout, maxStartedAttempts = Infinity, settings } = options;
    return new FunctionRunner({
      function: processor,
      payloads: this.#context.payloads,
      timeout: timeout === undefined ? undefined : milliseconds(timeout),
      maxStartedAttempts,
      backoffStrategy: settings?.backoffStrategy,
      report: (error) => this.#report(error),
    });
  }

  // --- its life ---

  /**
   * Starts to take jobs, when `autorun` is false.
   *
   * @returns resolves when the worker is closed
   * @throws QueueStateError when it runs already
   */
  async run(): Promise<void> {
    if ((this.#autoruns || this.#running) && !this.#closing)
      throw new QueueStateError(`the worker of queue ${this.name} runs already`);
    await this.#begun();
  }

  #begun(): Promise<void> {
    if (this.#running) return this.#running;
    if (this.#closing) this.#running = this.#closing;
    else {
      this.#running = new Promise((resolve) => (this.#ended = resolve)); // by no event: its listeners are others' to remove
      this.#tell('ready', () => []);
      this.#loop.run();
    }
    return this.#running;
  }

  /** Resolves when the store answers. @throws StoreUnavailableError when it doesn't for 5 s */
  async waitUntilReady(): Promise<void> {
    await this.#context.engine.settings(this.name);
  }

  isRunning(): boolean {
    return this.#loop.running;
  }

  isPaused(): boolean {
    return this.#paused;
  }

  /** Jobs that are being run now. */
  get activeCount(): number {
    return this.#loop.active.size;
  }

  get concurrency(): number {
    return this.#loop.concurrency;
  }

  /** Jobs at a time, from now on. @throws ConfigurationError */
  set concurrency(concurrency: number) {
    checkArgument('worker.concurrency', 'concurrency', concurrency, rules.atLeastOne);
    this.#loop.concurrency = concurrency;
  }

  /** This worker takes no jobs until `resume`. @returns resolves when its jobs have ended, or it is resumed; at once with `doNotWaitActive` */
  async pause(doNotWaitActive = false): Promise<void> {
    const isNews = !this.#paused;
    this.#paused = true;
    if (isNews) this.#loop.pause();
    const isAtRest = doNotWaitActive || (await this.#loop.rest());
    if (isNews && isAtRest) this.#tell('paused', () => []);
  }

  async resume(): Promise<void> {
    if (!this.#paused) return;
    this.#paused = false;
    this.#loop.resume();
    this.#tell('resumed', () => []);
  }

  /**
   * Stops taking jobs, and ends when those that run have: a function's when it has returned, a step's with its next durable
   * write.
   *
   * @param how `true`: without waiting; `grace`: waits for so long at most; what hasn't ended then is unsubscribed, and put
   *   back at the head of the queue. Default: 10 s for steps, any time for a function. A second call may make it shorter
   * @throws ConfigurationError
   */
  async close(how: boolean | CloseOptions = {}): Promise<void> {
    const options = typeof how === 'boolean' ? { ...(how && { grace: 0 }) } : how;
    const grace = graceOf(options, 'worker');
    if (!this.#closing) {
      let closed!: (ended: Promise<void>) => void;
      this.#closing = new Promise((resolve) => (closed = resolve)); // first: a listener may close it, too
      closed(this.#close(grace ?? this.#runner.grace));
    } else if (grace !== undefined) void this.#loop.close(grace);
    await this.#closing;
  }

  async #close(grace: number): Promise<void> {
    this.#tell('closing', () => [`worker of queue ${this.name} closes`]);
    try {
      await this.#loop.close(grace);
      this.#unobserve?.();
      if (this.#ownsContext) await this.#context.close();
      this.#tell('closed', () => []);
    } finally {
      this.#ended?.();
    }
  }

  // --- what is done from within, and to its jobs ---

  /** For a function that then throws `Worker.RateLimitError()`. */
  static RateLimitError(): RateLimitError {
    return new RateLimitError();
  }

  /** No job of the queue is taken for so many milliseconds, by any worker. */
  async rateLimit(ms: number): Promise<void> {
    checkArgument('worker.rateLimit()', 'ms', ms, rules.period);
    await this.#context.engine.rateLimit(this.name, ms);
  }

  /**
   * Ends the run of a job here: a function hears it by its signal, a stream is unsubscribed and its job fails with
   * `JobCancelledError`.
   *
   * @returns whether it is run here
   */
  cancelJob(jobId: string, reason = 'cancelled'): boolean {
    const active = [...this.#loop.active].filter(({ job }) => job.id === jobId);
    for (const activation of active) this.#runner.cancel(activation, reason);
    return active.length > 0;
  }

  cancelAllJobs(reason = 'cancelled'): void {
    for (const activation of this.#loop.active) this.#runner.cancel(activation, reason);
  }

  // --- telling ---

  #begin(activation: LiveActivation): void {
    const observed = this.#context.telemetry?.begin(activation.job, activation.lease);
    activation.observed = observed;
    if (observed) observed.run(() => this.#run(activation));
    else this.#run(activation);
  }

  #run(activation: LiveActivation): void {
    if (this.#runner.isFunction) this.#handleOf(activation);
    this.#tell('active', () => [this.#handleOf(activation), 'waiting']);
    this.#runner.run(activation);
  }

  /** What a function is given is what the listeners are. */
  #handleOf(activation: LiveActivation): Job<Data, Result, Name> {
    activation.handle ??= new Job(this.#context, activation.job, this.#runner.isFunction ? activation.hold : undefined);
    return activation.handle as Job<Data, Result, Name>;
  }

  /** As its end has made it. */
  #endedJob(activation: LiveActivation, record: Partial<JobRecord>): Job<Data, Result, Name> {
    const job = this.#handleOf(activation);
    job.became(record);
    return job;
  }

  #end(activation: LiveActivation, outcome: Outcome): void {
    const { lease, observed } = activation;
    this.#context.telemetry?.end(lease, outcome.type, 'error' in outcome ? outcome.error : undefined);
    if (observed) observed.run(() => this.#tellEnd(activation, outcome));
    else this.#tellEnd(activation, outcome);
  }

  #tellEnd(activation: LiveActivation, outcome: Outcome): void {
    const { job } = activation;
    const now = Math.floor(this.#context.engine.clock.now());
    switch (outcome.type) {
      case 'completed':
        this.#tell('completed', () => {
          const completed = this.#endedJob(activation, completedRecord(job, outcome.result, now));
          return [completed, completed.returnvalue as Result, 'active'];
        });
        break;
      case 'failed':
      case 'retried': {
        const { type, error } = outcome;
        const finishedOn = type === 'failed' ? now : undefined;
        this.#tell('failed', () => [
          this.#endedJob(activation, failedRecord(job, error, finishedOn)),
          asError(error),
          'active',
        ]);
        break;
      }
      case 'lost': {
        const { error } = outcome;
        if (error instanceof JobCancelledError) {
          this.#tell('failed', () => [this.#endedJob(activation, { failedReason: error.message }), error, 'active']);
          break;
        }
        this.#tell('lockRenewalFailed', () => [[job.id]]);
        if (error !== undefined) this.#report(error);
      }
    }
  }

  #stalled(jobId: string, to: 'waiting' | 'failed'): void {
    this.#tell('stalled', () => [jobId, 'active']);
    if (to === 'waiting' || this.listenerCount('failed') === 0) return;
    whenReady(
      () => this.#context.engine.get(this.name, jobId),
      (record) => {
        const error = new JobStalledError(record?.failedReason ?? 'job stalled more than allowable limit');
        this.#tell('failed', () => [record && new Job(this.#context, record), error, 'active']);
      },
      (error) => this.#report(error),
    );
  }

  /** As in BullMQ, a listener that throws is an error of its own: it disturbs neither the job nor the loop. */
  #tell<Event extends Exclude<keyof WorkerEvents, 'error'>>(
    event: Event,
    args: () => WorkerEvents<Data, Result, Name>[Event],
  ): void {
    if (this.listenerCount(event) === 0) return;
    try {
      (this.emit as (event: string, ...args: unknown[]) => boolean)(event, ...args());
    } catch (error) {
      this.#report(error);
    }
  }

  #report(error: unknown): void {
    if (this.listenerCount('error') === 0) {
      this.#log(error);
      return;
    }
    try {
      this.emit('error', asError(error));
    } catch (thrown) {
      this.#log(error);
      this.#log(thrown);
    }
  }

  #warn(message: string, fields?: LogFields): void {
    try {
      this.#context.logger.warn(message, { queue: this.name, ...fields });
    } catch (error) {
      this.#report(error);
    }
  }

  #log(error: unknown): void {
    try {
      const { reason, code } = failureOf(error);
      this.#context.logger.error(`worker of queue ${this.name}: ${reason}`, { queue: this.name, code });
    } catch {
      // a logger that throws has nobody left to tell
    }
  }
}
