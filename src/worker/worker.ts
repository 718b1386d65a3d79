import { EventEmitter } from 'node:events';
import { whenReady } from '../engine/awaitable.js';
import type { Cancel } from '../engine/clock.js';
import type { Claimed, Engine, Unsubscribe } from '../engine/engine.js';
import type { JobRecord } from '../engine/records.js';
import { JobCancelledError, JobStalledError } from '../errors.js';
import type { Activation, Outcome } from '../job/activation.js';
import { asError, failureOf } from '../job/failure.js';
import { Job, type JobContext } from '../job/job.js';
import { Turn } from '../job/turn.js';
import { completedRecord, failedRecord } from './ended-record.js';
import { LeaseKeeper } from './lease-keeper.js';
import { LiveActivation, type ActivationHost } from './live-activation.js';
import type { Logger } from './logger.js';
import { StalledJobs } from './stalled-jobs.js';
import type { WorkerEvents } from './worker-events.js';

const claimAgainAfter = 1_000;

export interface WorkerOptions {
  readonly concurrency: number;
  /** Milliseconds. */
  readonly lockDuration: number;
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
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
  /** All that hold a slot, begun or not. */
  readonly #active = new Set<LiveActivation>();
  /** How many have their last write on the way: their slots are given to others. */
  #leaving = 0;
  /** Claimed and not yet begun. */
  readonly #claimed: LiveActivation[] = [];
  readonly #leases: LeaseKeeper;
  readonly #stalled: StalledJobs;
  #unwatch: Unsubscribe | undefined;
  #looping = false;
  /** Slots for which claims are on the way. */
  #claiming = 0;
  /** How often it was woken. */
  #wakes = 0;
  #loopTimer: Cancel | undefined;
  #drained = false;
  #closing: { readonly closed: Promise<void>; readonly idle: () => void } | undefined;

  constructor(
    name: string,
    context: JobContext,
    options: WorkerOptions,
    run: (activation: Activation) => void,
    logger: Logger,
  ) {
    super();
    const { engine } = context;
    this.name = name;
    this.#context = context;
    this.#engine = engine;
    this.#options = options;
    this.#run = run;
    this.#logger = logger;
    this.#turn = new Turn(engine.clock);
    this.#host = {
      engine,
      turn: this.#turn,
      ended: (activation, outcome) => this.#ended(activation, outcome),
      leaves: () => this.#leaves(),
      stays: () => void this.#leaving--,
      warn: (message) => this.#warn(message),
    };
    const report = (error: unknown): void => this.#report(error);
    this.#leases = new LeaseKeeper(engine, options.lockDuration, report);
    this.#stalled = new StalledJobs({
      clock: engine.clock,
      interval: options.stalledInterval,
      recover: () => engine.recoverStalled(name, options.maxStalledCount),
      recovered: (jobId, to) => this.#recovered(jobId, to),
      report,
    });
  }

  /** Starts to take jobs. */
  run(): void {
    if (this.#unwatch || this.#closing) return;
    this.#unwatch = this.#engine.watch(
      this.name,
      () => this.#wake(),
      () => this.#stopAll('lost'),
    );
    this.#stalled.look();
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
    return (this.#closing ?? this.#close(grace)).closed;
  }

  #close(grace: number): { readonly closed: Promise<void> } {
    let idle!: () => void;
    const closed = new Promise<void>((resolve) => (idle = resolve)).then(() => {
      graceEnds();
      this.#leases.stop();
      this.#tell('closed', () => []);
    });
    this.#closing = { closed, idle };
    this.#loopTimer?.();
    this.#stalled.stop();
    const graceEnds = this.#engine.clock.after(grace, () => this.#stopAll('closing'));
    for (const activation of this.#active) activation.draining = true;
    this.#tell('closing', () => [`worker of queue ${this.name} closes`]);
    this.#beginClaimed();
    this.#closeIfIdle();
    return this.#closing;
  }

  /** It watches until its last job has ended: by that others see that who holds the job is alive (W3). */
  #closeIfIdle(): void {
    if (!this.#closing || this.#active.size > 0) return;
    this.#unwatch?.();
    if (this.#claiming === 0) this.#closing.idle();
  }

  // --- the loop ---

  /** Answers whether there is room for what it is woken for. */
  #wake(): boolean {
    this.#wakes++;
    const hasRoom = this.#room() > 0; // before: a claim that is made for it takes the room, one on its way may have come too soon
    this.#loop();
    return hasRoom && !this.#closing;
  }

  #room(): number {
    return this.#options.concurrency - this.#active.size + this.#leaving - this.#claiming;
  }

  /** Claims and begins jobs until the slots are full, the queue is empty, or the turn is spent (W6, W7). */
  #loop(): void {
    if (this.#looping || !this.#unwatch || this.#closing) return;
    this.#looping = true;
    let found = true;
    while (found && !this.#closing) {
      if (this.#turn.spent()) {
        this.#loopLater(0);
        break;
      }
      // a slot may be taken again when the write that was to free it was not the last
      const running = this.#active.size - this.#claimed.length - this.#leaving;
      const next = running < this.#options.concurrency ? this.#claimed.shift() : undefined;
      if (next) this.#begin(next);
      else found = this.#claim();
    }
    this.#looping = false;
  }

  /** Whether it is worth while to claim again at once. */
  #claim(): boolean {
    const limit = this.#room();
    if (limit <= 0) return false;
    const wakes = this.#wakes;
    const trustedUntil = this.#leases.trustedUntil();
    let found = false;
    this.#claiming += limit;
    whenReady(
      () => this.#engine.claim(this.name, { limit, lockDuration: this.#options.lockDuration }),
      (claimed) => {
        this.#claiming -= limit;
        // with less than asked for the queue is empty, unless something has come since
        found = claimed.length === limit || this.#wakes !== wakes;
        // all take their slots before the first one runs: it may end at once
        for (const each of claimed) this.#claimed.push(this.#activate(each, trustedUntil));
        if (this.#closing) this.#beginClaimed();
        if (claimed.length < limit) this.#nothingToClaim();
        if (found || claimed.length > 0) this.#loop(); // after an answer that came later; within the loop it does nothing
        found ||= claimed.length > 0;
      },
      (error) => {
        this.#claiming -= limit;
        this.#loopLater(claimAgainAfter);
        this.#report(error);
        this.#closeIfIdle();
      },
    );
    return found;
  }

  #loopLater(ms: number): void {
    this.#loopTimer?.();
    if (!this.#closing) this.#loopTimer = this.#engine.clock.after(ms, () => this.#loop());
  }

  #nothingToClaim(): void {
    this.#closeIfIdle();
    this.#stalled.look(); // another worker may have taken what this one was woken for, and may die with it
    if (this.#active.size > 0 || this.#drained || this.#closing) return;
    this.#drained = true;
    this.#tell('drained', () => []);
  }

  // --- activations ---

  #activate(claimed: Claimed, trustedUntil: number): LiveActivation {
    const activation = new LiveActivation(this.#host, claimed, trustedUntil, this.#closing !== undefined);
    this.#active.add(activation);
    this.#leases.keep(activation);
    this.#drained = false;
    return activation;
  }

  /** When the worker closes: those that have not begun are put back at once. */
  #beginClaimed(): void {
    for (const activation of this.#claimed.splice(0)) this.#begin(activation);
  }

  #begin(activation: LiveActivation): void {
    if (!activation.trusted()) {
      activation.stop('lost'); // the answer took too long: not even begun
      return;
    }
    this.#tell('active', () => [this.#jobOf(activation.job), 'waiting']);
    this.#run(activation);
  }

  #leaves(): void {
    this.#leaving++;
    this.#loop();
  }

  #stopAll(why: 'lost' | 'closing'): void {
    for (const activation of this.#active) activation.stop(why);
  }

  #ended(activation: LiveActivation, outcome: Outcome): void {
    this.#active.delete(activation);
    if (activation.lent) this.#leaving--;
    this.#leases.drop(activation);
    this.#tellEnd(activation.job, outcome);
    this.#closeIfIdle();
    this.#loop();
  }

  #recovered(jobId: string, to: 'waiting' | 'failed'): void {
    this.#tell('stalled', () => [jobId, 'active']);
    if (to === 'waiting' || this.listenerCount('failed') === 0) return;
    whenReady(
      () => this.#engine.get(this.name, jobId),
      (record) => {
        const error = new JobStalledError(record?.failedReason ?? 'job stalled more than allowable limit');
        this.#tell('failed', () => [record && this.#jobOf(record), error, 'active']);
      },
      (error) => this.#report(error),
    );
  }

  // --- telling ---

  #tellEnd(job: JobRecord, outcome: Outcome): void {
    const now = this.#engine.clock.now();
    switch (outcome.type) {
      case 'completed':
        this.#tell('completed', () => {
          const completed = this.#jobOf(completedRecord(job, outcome.result, now));
          return [completed, completed.returnvalue, 'active'];
        });
        break;
      case 'failed':
      case 'retried': {
        const { type, error } = outcome;
        const finishedOn = type === 'failed' ? now : undefined;
        this.#tell('failed', () => [this.#jobOf(failedRecord(job, error, finishedOn)), asError(error), 'active']);
        break;
      }
      case 'lost': {
        const { error } = outcome;
        if (error instanceof JobCancelledError) {
          this.#tell('failed', () => [this.#jobOf({ ...job, failedReason: error.message }), error, 'active']);
          break;
        }
        this.#tell('lockRenewalFailed', () => [[job.id]]);
        if (error !== undefined) this.#report(error);
      }
    }
  }

  #jobOf(record: JobRecord): Job {
    return new Job(this.#context, record);
  }

  /** As in BullMQ, a listener that throws is an error of its own: it disturbs neither the job nor the loop. */
  #tell<Event extends Exclude<keyof WorkerEvents, 'error'>>(event: Event, args: () => WorkerEvents[Event]): void {
    if (this.listenerCount(event) === 0) return;
    try {
      this.emit<Event>(event, ...(args() as never));
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

  #warn(message: string): void {
    try {
      this.#logger.warn(message);
    } catch (error) {
      this.#report(error);
    }
  }

  #log(error: unknown): void {
    try {
      this.#logger.error(`worker of queue ${this.name}: ${failureOf(error).reason}`);
    } catch {
      // a logger that throws has nobody left to tell
    }
  }
}
