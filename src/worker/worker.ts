import { EventEmitter } from 'node:events';
import { whenReady } from '../engine/awaitable.js';
import type { Cancel } from '../engine/clock.js';
import type { Claimed, Engine, Unsubscribe } from '../engine/engine.js';
import type { Activation, Outcome } from '../job/activation.js';
import { Job, type JobContext } from '../job/job.js';
import { Turn } from '../job/turn.js';
import { LiveActivation, type ActivationHost } from './live-activation.js';
import type { Logger } from './logger.js';

/** Part of a lease that is not relied on: clocks differ, and a write takes its time. */
const safetyMargin = 0.1;
/** A lease of 10 s is renewed every 3 s. */
const renewals = 0.3;
const claimAgainAfter = 1_000;

export interface WorkerOptions {
  readonly concurrency: number;
  /** Milliseconds. */
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
}

/** BullMQ's local events, as far as a worker has something to tell. */
export interface WorkerEvents {
  active: [job: Job, prev: 'waiting'];
  completed: [job: Job, result: unknown, prev: 'active'];
  failed: [job: Job | undefined, error: Error, prev: 'active'];
  stalled: [jobId: string, prev: 'active'];
  lockRenewalFailed: [jobIds: readonly string[]];
  drained: [];
  error: [error: Error];
  closing: [message: string];
  closed: [];
}

/**
 * Takes the jobs of one queue and runs them, as many at a time as `concurrency` says. Its one loop claims as many jobs as
 * there are free slots, starts them, and returns to the event loop when nothing is left, or after 10 ms.
 */
export class Worker extends EventEmitter<WorkerEvents> {
  readonly name: string;
  readonly #context: JobContext;
  readonly #engine: Engine;
  readonly #options: WorkerOptions;
  readonly #run: (activation: Activation) => void;
  readonly #logger: Logger;
  readonly #host: ActivationHost;
  readonly #turn: Turn;
  readonly #active = new Set<LiveActivation>();
  #unwatch: Unsubscribe | undefined;
  #timers: { renewal?: Cancel | undefined; stalled?: Cancel | undefined; claim?: Cancel | undefined } = {};
  #looping = false;
  #claiming = false;
  #claimAgain = false;
  #closing: Promise<void> | undefined;
  #idle: (() => void) | undefined;

  constructor(
    name: string,
    context: JobContext,
    options: WorkerOptions,
    run: (activation: Activation) => void,
    logger: Logger,
  ) {
    super();
    this.name = name;
    this.#context = context;
    this.#engine = context.engine;
    this.#options = options;
    this.#run = run;
    this.#logger = logger;
    this.#turn = new Turn(context.engine.clock);
    this.#host = {
      engine: this.#engine,
      turn: this.#turn,
      ended: (activation, outcome) => this.#ended(activation, outcome),
      warn: (message) => logger.warn(message),
    };
  }

  /** Starts to take jobs. */
  run(): void {
    if (this.#unwatch || this.#closing) return;
    this.#unwatch = this.#engine.watch(this.name, () => this.#wake());
    this.#recoverStalled();
    this.#loop();
  }

  /** Jobs that are being run now. */
  get activeCount(): number {
    return this.#active.size;
  }

  /**
   * Stops taking jobs and lets each running one go on to its next durable write; those that haven't come to one after
   * `grace` are unsubscribed. What isn't finished is put back at the head of the queue.
   *
   * @param options `grace`: milliseconds, 10,000 by default
   */
  close({ grace = 10_000 }: { readonly grace?: number } = {}): Promise<void> {
    return (this.#closing ??= this.#close(grace));
  }

  async #close(grace: number): Promise<void> {
    this.emit('closing', `worker of queue ${this.name} closes`);
    this.#unwatch?.();
    this.#timers.claim?.();
    for (const activation of this.#active) activation.draining = true;
    if (this.#active.size > 0 || this.#claiming) {
      const stop = this.#engine.clock.after(grace, () => {
        for (const activation of [...this.#active]) activation.stop('closing');
      });
      await new Promise<void>((resolve) => (this.#idle = resolve));
      stop();
    }
    this.#timers.renewal?.();
    this.#timers.stalled?.();
    this.emit('closed');
  }

  // --- the loop ---

  #wake(): void {
    if (this.#claiming) this.#claimAgain = true;
    else this.#loop();
  }

  /** Claims and starts jobs until the slots are full, the queue is empty, or the turn is spent (W6, W7). */
  #loop(): void {
    if (this.#looping || this.#claiming || !this.#unwatch || this.#closing) return;
    this.#looping = true;
    let found = true;
    while (found && this.#active.size < this.#options.concurrency && !this.#closing) {
      if (this.#turn.spent()) {
        this.#loopLater(0);
        break;
      }
      found = this.#claim();
    }
    this.#looping = false;
  }

  /** Whether it is worth while to claim again at once. */
  #claim(): boolean {
    const { concurrency, lockDuration } = this.#options;
    const limit = concurrency - this.#active.size;
    const trustedUntil = this.#engine.clock.now() + lockDuration * (1 - safetyMargin);
    let found = false;
    this.#claiming = true;
    this.#claimAgain = false;
    whenReady(
      () => this.#engine.claim(this.name, { limit, lockDuration }),
      (claimed) => {
        this.#claiming = false;
        found = claimed.length > 0 || this.#claimAgain;
        for (const each of claimed) this.#start(each, trustedUntil);
        if (claimed.length === 0) this.#nothingToClaim();
        if (found) this.#loop(); // after an answer that came later; within the loop it does nothing
      },
      (error) => {
        this.#claiming = false;
        this.#report(error);
        this.#nothingToClaim();
        this.#loopLater(claimAgainAfter);
      },
    );
    return found && !this.#claiming;
  }

  #loopLater(ms: number): void {
    this.#timers.claim?.();
    this.#timers.claim = this.#engine.clock.after(ms, () => this.#loop());
  }

  #nothingToClaim(): void {
    if (this.#active.size > 0) return;
    if (this.#closing) this.#idle?.();
    else this.emit('drained');
  }

  #start(claimed: Claimed, trustedUntil: number): void {
    const activation = new LiveActivation(this.#host, claimed, trustedUntil);
    activation.draining = this.#closing !== undefined;
    this.#active.add(activation);
    this.#keepRenewing();
    if (this.listenerCount('active') > 0) this.emit('active', this.#jobOf(activation), 'waiting');
    this.#run(activation);
  }

  #ended(activation: LiveActivation, outcome: Outcome): void {
    this.#active.delete(activation);
    this.#tell(activation, outcome);
    if (this.#closing && this.#active.size === 0 && !this.#claiming) this.#idle?.();
    this.#loop();
  }

  #tell(activation: LiveActivation, outcome: Outcome): void {
    if (outcome.type === 'completed' && this.listenerCount('completed') > 0) {
      const result = this.#context.payloads.decode(outcome.result);
      this.emit('completed', this.#jobOf(activation), result, 'active');
    } else if (outcome.type === 'failed' || outcome.type === 'retried') {
      if (this.listenerCount('failed') > 0)
        this.emit('failed', this.#jobOf(activation), asError(outcome.error), 'active');
    } else if (outcome.type === 'lost') {
      this.emit('lockRenewalFailed', [activation.job.id]);
      if (outcome.error !== undefined) this.#report(outcome.error);
      this.#recoverStalled();
    }
  }

  // --- leases ---

  #keepRenewing(): void {
    this.#timers.renewal ??= this.#engine.clock.after(this.#options.lockDuration * renewals, () => {
      this.#timers.renewal = undefined;
      if (this.#active.size > 0) this.#renew();
    });
  }

  /** All of the worker's leases in one call. A worker that could not reach the store stops what it may have lost (W2). */
  #renew(): void {
    const { lockDuration } = this.#options;
    const activations = [...this.#active];
    const trustedUntil = this.#engine.clock.now() + lockDuration * (1 - safetyMargin);
    this.#keepRenewing();
    whenReady(
      () =>
        this.#engine.renew(
          activations.map(({ lease }) => lease),
          lockDuration,
        ),
      (lost) => {
        const lostTokens = new Set(lost.map(({ token }) => token));
        for (const activation of activations) {
          if (lostTokens.has(activation.lease.token)) activation.stop('lost');
          else activation.trustedUntil = trustedUntil;
        }
      },
      (error) => {
        this.#report(error);
        for (const activation of activations) if (!activation.trusted()) activation.stop('lost');
      },
    );
  }

  /** Looks for jobs of workers that have died, again and again as long as there may be some. */
  #recoverStalled(): void {
    this.#timers.stalled?.();
    this.#timers.stalled = undefined;
    if (this.#closing) return;
    whenReady(
      () => this.#engine.recoverStalled(this.name, this.#options.maxStalledCount),
      ({ recovered, mayStall }) => {
        for (const { jobId } of recovered) this.emit('stalled', jobId, 'active');
        if (mayStall) this.#recoverLater();
      },
      (error) => {
        this.#report(error);
        this.#recoverLater();
      },
    );
  }

  #recoverLater(): void {
    if (this.#closing) return;
    this.#timers.stalled ??= this.#engine.clock.after(this.#options.stalledInterval, () => this.#recoverStalled());
  }

  // --- telling ---

  #jobOf({ job }: LiveActivation): Job {
    return new Job(this.#context, job);
  }

  #report(error: unknown): void {
    if (this.listenerCount('error') > 0) this.emit('error', asError(error));
    else this.#logger.error(`worker of queue ${this.name}: ${asError(error).message}`);
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
