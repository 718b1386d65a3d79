import { isPromise, whenReady, type Awaitable } from '../engine/awaitable.js';
import { steadyTime, type Clock } from '../engine/clock.js';
import type { Claimed, CompleteAnswer, Engine, Waiting } from '../engine/engine.js';
import type { ChildRecord, Failure, JobRecord, Lease, Payload, Write } from '../engine/records.js';
import { LeaseLostError, StoreUnavailableError } from '../errors.js';
import type { Activation, Outcome } from '../job/activation.js';
import type { ObservedActivation } from '../telemetry/observed.js';
import { failureOf } from '../job/failure.js';
import { Hold } from '../job/hold.js';
import type { Job } from '../job/job.js';
import type { LogFields } from '../job/logger.js';
import type { Turn } from '../job/turn.js';

/** Milliseconds; the engine has tried for some seconds before. */
const writeAgainAfter = 100;

/** What an activation needs of the worker that it lives on. */
export interface ActivationHost {
  readonly engine: Engine;
  readonly turn: Turn;
  ended(activation: LiveActivation, outcome: Outcome): void;
  /** Its last write is on the way: the slot is as good as free. */
  leaves(): void;
  /** It was not the last one: the activation goes on. */
  stays(): void;
  /** The function that runs the job has saved progress. */
  told(activation: LiveActivation, progress: unknown): void;
  warn(message: string, fields?: LogFields): void;
}

/** A claimed job on a worker. Refuses to write as soon as the lease may have run out, whatever timers say (W1). */
export class LiveActivation implements Activation {
  readonly job: JobRecord;
  readonly lease: Lease;
  readonly turn: Turn;
  draining: boolean;
  /** What may be its last write is on the way. */
  leaving = false;
  /** Its slot is given to another already. */
  lent = false;
  /** The job as a worker's function, and those who listen to the worker, see it. */
  handle: Job | undefined;
  observed: ObservedActivation | undefined;
  readonly #host: ActivationHost;
  /** In steady time of the engine's clock. */
  #trustedUntil: number;
  #stop: ((why: 'lost' | 'closing') => void) | undefined;
  #look: ((lockDuration: number) => void) | undefined;
  #hold: Hold | undefined;
  #ended = false;

  constructor(host: ActivationHost, { job, lease }: Claimed, trustedUntil: number, draining: boolean) {
    this.#host = host;
    this.job = job;
    this.lease = lease;
    this.turn = host.turn;
    this.#trustedUntil = trustedUntil;
    this.draining = draining;
  }

  get clock(): Clock {
    return this.#host.engine.clock;
  }

  /** For a function that runs the job. */
  get hold(): Hold {
    return (this.#hold ??= new Hold(this, (progress) => this.#host.told(this, progress)));
  }

  trusted(): boolean {
    return !this.#ended && steadyTime(this.clock) < this.#trustedUntil;
  }

  /** The store has prolonged the lease; the answers to two renewals may come in any order. */
  trust(until: number): void {
    this.#trustedUntil = Math.max(this.#trustedUntil, until);
  }

  checkpoint(write: Write): Awaitable<void> {
    return this.#write((engine) => engine.checkpoint(this.lease, write));
  }

  moveToDelayed(write: Write, due: number, staysInSlot = false): Awaitable<void> {
    return this.#leave((engine) => engine.moveToDelayed(this.lease, write, due), undefined, !staysInSlot);
  }

  moveToWaitingChildren(write: Write, waiting: Waiting): Awaitable<boolean> {
    const isParked = (parked: boolean): boolean => parked;
    // its slot isn't lent: when its children have finished meanwhile, the stream goes on in it
    return this.#leave((engine) => engine.moveToWaitingChildren(this.lease, write, waiting), isParked, false);
  }

  complete(write: Write, result: Payload | undefined, failuresSeen: number): Awaitable<CompleteAnswer> {
    const hasLeft = (answer: CompleteAnswer): boolean => answer !== 'failed-children';
    return this.#leave((engine) => engine.complete(this.lease, write, result, failuresSeen), hasLeft);
  }

  fail(write: Write, failure: Failure, retryAt?: number): Awaitable<void> {
    return this.#leave((engine) => engine.fail(this.lease, write, failure, retryAt));
  }

  release(write: Write): Awaitable<void> {
    return this.#leave((engine) => engine.release(this.lease, write));
  }

  children(group?: string): Awaitable<readonly ChildRecord[]> {
    return this.#host.engine.children(this.job.queue, this.job.id, group);
  }

  log(row: string): void {
    const { queue, id } = this.job;
    whenReady(
      () => this.#host.engine.log(queue, id, row),
      () => {},
      (error) => this.warn(`a row of the log of job ${id} of queue ${queue} was lost: ${failureOf(error).reason}`),
    );
  }

  end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#stop = undefined;
    this.#look = undefined;
    this.#host.ended(this, outcome);
  }

  onStop(stop: (why: 'lost' | 'closing') => void): void {
    this.#stop = stop;
  }

  onRenewal(look: (lockDuration: number) => void): void {
    this.#look = look;
  }

  /** Its lease is about to be renewed. @param lockDuration milliseconds */
  renewing(lockDuration: number): void {
    this.#look?.(lockDuration);
  }

  stop(why: 'lost' | 'closing'): void {
    if (this.#stop) this.#stop(why);
    else if (why === 'lost') this.end({ type: 'lost', error: undefined }); // not begun yet
  }

  warn(message: string, fields?: LogFields): void {
    const { queue, id } = this.job;
    this.#host.warn(message, { queue, jobId: id, ...fields });
  }

  /** A write that the store couldn't take for now is sent again, as long as the lease is relied on; so none is lost by it. */
  #write<A>(send: (engine: Engine) => Awaitable<A>): Awaitable<A> {
    const answer = send(this.#proved());
    if (!isPromise(answer)) return answer;
    return answer.then(undefined, (error: unknown) => {
      if (error instanceof StoreUnavailableError) return this.#writeAgain(send, error);
      throw error;
    });
  }

  async #writeAgain<A>(send: (engine: Engine) => Awaitable<A>, refusal: StoreUnavailableError): Promise<A> {
    await new Promise<void>((resolve) => void this.clock.after(writeAgainAfter, resolve));
    if (!this.trusted()) throw refusal;
    return this.#write(send);
  }

  /** {@link #write}, for what may end the activation. @param lends whether its slot is given away before the answer */
  #leave<A>(send: (engine: Engine) => Awaitable<A>, hasLeft?: (answer: A) => boolean, lends = true): Awaitable<A> {
    const answer = this.#write(send);
    if (!isPromise(answer)) return answer;
    this.leaving = true;
    if (lends) {
      this.lent = true;
      this.#host.leaves();
    }
    if (!hasLeft) return answer;
    return answer.then((value) => {
      if (!hasLeft(value) && !this.#ended) this.#stay();
      return value;
    });
  }

  #stay(): void {
    this.leaving = false;
    if (!this.lent) return;
    this.lent = false;
    this.#host.stays();
  }

  /** @throws LeaseLostError */
  #proved(): Engine {
    if (this.trusted()) return this.#host.engine;
    const job = `job ${this.job.id} of queue ${this.job.queue}`;
    throw new LeaseLostError(
      this.#ended
        ? `the activation of ${job} is over: nothing was written`
        : `the lease of ${job} may have run out: was the event loop blocked?`,
    );
  }
}
