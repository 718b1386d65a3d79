import type { Awaitable } from '../engine/awaitable.js';
import type { Clock } from '../engine/clock.js';
import type { Claimed, CompleteAnswer, Engine, Waiting } from '../engine/engine.js';
import type { ChildRecord, Failure, JobRecord, Lease, Payload, Write } from '../engine/records.js';
import { LeaseLostError } from '../errors.js';
import type { Activation, Outcome } from '../job/activation.js';
import type { Turn } from '../job/turn.js';

/** What an activation needs of the worker that it lives on. */
export interface ActivationHost {
  readonly engine: Engine;
  readonly turn: Turn;
  ended(activation: LiveActivation, outcome: Outcome): void;
  warn(message: string): void;
}

/** A claimed job on a worker. Refuses to write as soon as the lease may have run out, whatever timers say (W1). */
export class LiveActivation implements Activation {
  readonly job: JobRecord;
  readonly lease: Lease;
  readonly turn: Turn;
  draining = false;
  /** Until when the lease is certainly held, in milliseconds of the engine's clock. */
  trustedUntil: number;
  readonly #host: ActivationHost;
  #stop: ((why: 'lost' | 'closing') => void) | undefined;

  constructor(host: ActivationHost, { job, lease }: Claimed, trustedUntil: number) {
    this.#host = host;
    this.job = job;
    this.lease = lease;
    this.turn = host.turn;
    this.trustedUntil = trustedUntil;
  }

  get clock(): Clock {
    return this.#host.engine.clock;
  }

  trusted(): boolean {
    return this.clock.now() < this.trustedUntil;
  }

  checkpoint(write: Write): Awaitable<void> {
    return this.#proved().checkpoint(this.lease, write);
  }

  moveToDelayed(write: Write, due: number): Awaitable<void> {
    return this.#proved().moveToDelayed(this.lease, write, due);
  }

  moveToWaitingChildren(write: Write, waiting: Waiting): Awaitable<boolean> {
    return this.#proved().moveToWaitingChildren(this.lease, write, waiting);
  }

  complete(write: Write, result: Payload | undefined, failuresSeen: number): Awaitable<CompleteAnswer> {
    return this.#proved().complete(this.lease, write, result, failuresSeen);
  }

  fail(write: Write, failure: Failure, retryAt?: number): Awaitable<void> {
    return this.#proved().fail(this.lease, write, failure, retryAt);
  }

  release(write: Write): Awaitable<void> {
    return this.#proved().release(this.lease, write);
  }

  children(group?: string): Awaitable<readonly ChildRecord[]> {
    return this.#host.engine.children(this.job.queue, this.job.id, group);
  }

  log(row: string): void {
    void this.#host.engine.log(this.job.queue, this.job.id, row);
  }

  end(outcome: Outcome): void {
    this.#stop = undefined;
    this.#host.ended(this, outcome);
  }

  onStop(stop: (why: 'lost' | 'closing') => void): void {
    this.#stop = stop;
  }

  stop(why: 'lost' | 'closing'): void {
    this.#stop?.(why);
  }

  warn(message: string): void {
    this.#host.warn(message);
  }

  /** @throws LeaseLostError */
  #proved(): Engine {
    if (this.trusted()) return this.#host.engine;
    throw new LeaseLostError(
      `the lease of job ${this.job.id} of queue ${this.job.queue} may have run out: was the event loop blocked?`,
    );
  }
}
