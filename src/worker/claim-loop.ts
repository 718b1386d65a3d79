import { whenReady } from '../engine/awaitable.js';
import type { Cancel } from '../engine/clock.js';
import type { Claimed, ClaimOptions, Engine, Unsubscribe } from '../engine/engine.js';
import type { Outcome } from '../job/activation.js';
import { Turn } from '../job/turn.js';
import { LeaseKeeper } from './lease-keeper.js';
import { LiveActivation, type ActivationHost } from './live-activation.js';
import { StalledJobs } from './stalled-jobs.js';

const claimAgainAfter = 1_000;

export interface ClaimLoopOptions {
  readonly queue: string;
  readonly concurrency: number;
  readonly claim: Omit<ClaimOptions, 'limit'>;
  /** Milliseconds between two renewals of the leases. */
  readonly renewAfter: number;
  /** Milliseconds between two looks for jobs of dead workers; Infinity: it doesn't look. */
  readonly stalledInterval: number;
  readonly maxStalledCount: number;
}

/** Who runs the jobs, and is told of them. */
export interface ClaimLoopHost extends Pick<ActivationHost, 'told' | 'warn'> {
  /** Runs a job that was claimed. */
  begin(activation: LiveActivation): void;
  ended(activation: LiveActivation, outcome: Outcome): void;
  /** A job's worker had died, this one or another. */
  stalled(jobId: string, to: 'waiting' | 'failed'): void;
  /** There is nothing left to do; told once, until there was something again. */
  drained(): void;
  renewed(jobIds: readonly string[]): void;
  report(error: unknown): void;
}

/**
 * Takes the jobs of one queue and begins them, as many at a time as `concurrency` says: it claims as many jobs as there are
 * free slots, starts them, and returns to the event loop when nothing is left, or after 10 ms.
 */
export class ClaimLoop {
  readonly #engine: Engine;
  readonly #queue: string;
  readonly #claimOptions: Omit<ClaimOptions, 'limit'>;
  readonly #host: ClaimLoopHost;
  readonly #activationHost: ActivationHost;
  readonly #turn: Turn;
  #concurrency: number;
  /** All that hold a slot, begun or not. */
  readonly #active = new Set<LiveActivation>();
  /** How many have their last write on the way: their slots are given to others. */
  #leaving = 0;
  /** Claimed and not yet begun. */
  readonly #claimed: LiveActivation[] = [];
  readonly #leases: LeaseKeeper;
  readonly #stalled: StalledJobs | undefined;
  #unwatch: Unsubscribe | undefined;
  #looping = false;
  /** Slots for which claims are on the way. */
  #claiming = 0;
  /** How often it was woken. */
  #wakes = 0;
  #loopTimer: Cancel | undefined;
  #drained = false;
  #paused = false;
  #closing = false;
  readonly #atRest: ((isAtRest: boolean) => void)[] = [];

  constructor(engine: Engine, options: ClaimLoopOptions, host: ClaimLoopHost) {
    const { queue, concurrency, claim, renewAfter, stalledInterval, maxStalledCount } = options;
    this.#engine = engine;
    this.#queue = queue;
    this.#claimOptions = claim;
    this.#concurrency = concurrency;
    this.#host = host;
    this.#turn = new Turn(engine.clock);
    this.#activationHost = {
      engine,
      turn: this.#turn,
      ended: (activation, outcome) => this.#ended(activation, outcome),
      leaves: () => this.#leaves(),
      stays: () => void this.#leaving--,
      told: (activation, progress) => host.told(activation, progress),
      warn: (message, fields) => host.warn(message, fields),
    };
    const report = (error: unknown): void => host.report(error);
    this.#leases = new LeaseKeeper(engine, {
      lockDuration: claim.lockDuration,
      renewAfter,
      renewed: (jobIds) => host.renewed(jobIds),
      report,
    });
    if (stalledInterval === Infinity) return;
    this.#stalled = new StalledJobs({
      clock: engine.clock,
      interval: stalledInterval,
      recover: () => engine.recoverStalled(queue, maxStalledCount),
      recovered: (jobId, to) => host.stalled(jobId, to),
      report,
    });
  }

  get active(): ReadonlySet<LiveActivation> {
    return this.#active;
  }

  get running(): boolean {
    return this.#unwatch !== undefined && !this.#closing;
  }

  get concurrency(): number {
    return this.#concurrency;
  }

  /** Takes more jobs at once; when it is fewer, those that are active go on. */
  set concurrency(concurrency: number) {
    this.#concurrency = concurrency;
    this.#loop();
  }

  /** Starts to take jobs. */
  run(): void {
    if (this.#unwatch || this.#closing) return;
    this.#unwatch = this.#engine.watch(
      this.#queue,
      () => this.#wake(),
      () => this.#stopAll('lost'),
    );
    this.#stalled?.look();
    this.#loop();
  }

  /** Takes no jobs until `resume`; those that are active go on. */
  pause(): void {
    this.#paused = true;
    this.#beginClaimed();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#closing) this.#rested(false); // with new jobs there may be no rest any more
    this.#loop();
  }

  /** Resolves when no job is active, and none is on its way; with `false` when jobs are taken again before. */
  rest(): Promise<boolean> {
    return new Promise((resolve) => {
      this.#atRest.push(resolve);
      this.#restIfIdle();
    });
  }

  /**
   * Takes no more jobs and lets each go on to its next durable write; those that haven't come to one after `grace` milliseconds
   * are unsubscribed. What isn't finished is put back at the head of the queue. A second call with less grace shortens it.
   */
  async close(grace: number): Promise<void> {
    this.#closing = true;
    this.#loopTimer?.();
    this.#stalled?.stop();
    const stop = (): void => this.#stopAll('closing');
    const graceEnds = grace === Infinity ? undefined : this.#engine.clock.after(grace, stop);
    for (const activation of this.#active) activation.draining = true;
    this.#beginClaimed();
    await this.rest();
    graceEnds?.();
    this.#leases.stop();
  }

  /** It watches until its last job has ended: by that others see that who holds the job is alive (W3). */
  #restIfIdle(): void {
    if (this.#active.size > 0) return;
    if (this.#closing) this.#unwatch?.();
    if (this.#claiming === 0) this.#rested(true);
  }

  #rested(isAtRest: boolean): void {
    for (const resolve of this.#atRest.splice(0)) resolve(isAtRest);
  }

  // --- the loop ---

  /** Answers whether there is room for what it is woken for. */
  #wake(): boolean {
    this.#wakes++;
    const hasRoom = this.#room() > 0; // before: a claim that is made for it takes the room, one on its way may have come too soon
    this.#loop();
    return hasRoom && !this.#paused && !this.#closing;
  }

  #room(): number {
    return this.#concurrency - this.#active.size + this.#leaving - this.#claiming;
  }

  /** Claims and begins jobs until the slots are full, the queue is empty, or the turn is spent (W6, W7). */
  #loop(): void {
    if (this.#looping || !this.#unwatch || this.#paused || this.#closing) return;
    this.#looping = true;
    let found = true;
    while (found && !this.#paused && !this.#closing) {
      if (this.#turn.spent()) {
        this.#loopLater(0);
        break;
      }
      // a slot may be taken again when the write that was to free it was not the last
      const running = this.#active.size - this.#claimed.length - this.#leaving;
      const next = running < this.#concurrency ? this.#claimed.shift() : undefined;
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
      () => this.#engine.claim(this.#queue, { ...this.#claimOptions, limit }),
      (claimed) => {
        this.#claiming -= limit;
        // with less than asked for the queue is empty, unless something has come since
        found = claimed.length === limit || this.#wakes !== wakes;
        // all take their slots before the first one runs: it may end at once
        for (const each of claimed) this.#claimed.push(this.#activate(each, trustedUntil));
        if (this.#closing || this.#paused) this.#beginClaimed();
        if (claimed.length < limit) this.#nothingToClaim();
        if (found || claimed.length > 0) this.#loop(); // after an answer that came later; within the loop it does nothing
        found ||= claimed.length > 0;
      },
      (error) => {
        this.#claiming -= limit;
        this.#loopLater(claimAgainAfter);
        this.#host.report(error);
        this.#restIfIdle();
      },
    );
    return found;
  }

  #loopLater(ms: number): void {
    this.#loopTimer?.();
    if (!this.#closing) this.#loopTimer = this.#engine.clock.after(ms, () => this.#loop());
  }

  #nothingToClaim(): void {
    this.#restIfIdle();
    this.#stalled?.look(); // another worker may have taken what this one was woken for, and may die with it
    if (this.#active.size > 0 || this.#drained || this.#closing) return;
    this.#drained = true;
    this.#host.drained();
  }

  // --- activations ---

  #activate(claimed: Claimed, trustedUntil: number): LiveActivation {
    const activation = new LiveActivation(this.#activationHost, claimed, trustedUntil, this.#closing);
    this.#active.add(activation);
    this.#leases.keep(activation);
    this.#drained = false;
    return activation;
  }

  /** All of them: what has a lease isn't left lying. When the worker closes they are put back at once. */
  #beginClaimed(): void {
    for (const activation of this.#claimed.splice(0)) this.#begin(activation);
  }

  #begin(activation: LiveActivation): void {
    if (!activation.trusted()) {
      activation.stop('lost'); // the answer took too long: not even begun
      return;
    }
    this.#host.begin(activation);
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
    this.#host.ended(activation, outcome);
    this.#restIfIdle();
    this.#loop();
  }
}
