import type { CompleteAnswer, Waiting } from '../engine/engine.js';
import type { Failure, Payload, Write } from '../engine/records.js';
import { JobStateError, LeaseLostError, type ChildFailedError } from '../errors.js';
import type { Activation } from './activation.js';
import { childFailed } from './failed-child.js';

/** What a function that runs a job may do with it, as long as the lease is its own: each is one write under that lease. */
export class Hold {
  readonly #activation: Activation;
  readonly #told: (progress: unknown) => void;
  #seq: number;
  #moved: 'delayed' | 'waiting-children' | undefined;
  #moving: Promise<unknown> | undefined;
  #savedData = false;

  /** @param told called with progress that the function has saved */
  constructor(activation: Activation, told: (progress: unknown) => void) {
    this.#activation = activation;
    this.#told = told;
    this.#seq = activation.job.seq;
  }

  get token(): string {
    return this.#activation.lease.token;
  }

  /** Where the function has moved the job: its lease is over since then. */
  get moved(): 'delayed' | 'waiting-children' | undefined {
    return this.#moved;
  }

  /** Resolves when the moves that were begun have been answered: a function need not have waited for them. */
  async movesAnswered(): Promise<void> {
    await this.#moving?.catch(() => {}); // who began it hears of it
  }

  /** Whether the function has replaced the job's data. */
  get savedData(): boolean {
    return this.#savedData;
  }

  dataSaved(): void {
    this.#savedData = true;
  }

  told(progress: unknown): void {
    this.#told(progress);
  }

  /** @throws LeaseLostError unless it is this activation's token; JobStateError when it has moved the job already */
  prove(token: string | undefined): void {
    const { id, queue } = this.#activation.job;
    if (token !== undefined && token !== this.token) {
      throw new LeaseLostError(
        `the token is not that of job ${id} of queue ${queue}: give the one that the worker's function was called with`,
      );
    }
    if (this.#moved) throw new JobStateError(`job ${id} of queue ${queue} was moved to ${this.#moved} already`);
  }

  async moveToDelayed(due: number): Promise<void> {
    const moving = this.#write((write) => this.#activation.moveToDelayed(write, due, true));
    await (this.#moving = moving.then(() => void (this.#moved = 'delayed')));
  }

  /**
   * @returns whether it waits now: there is something to wait for
   * @throws ChildFailedError when a child has failed that its failure is to fail the job
   */
  async moveToWaitingChildren(waiting: Waiting): Promise<boolean> {
    const moving = this.#write((write) => this.#activation.moveToWaitingChildren(write, waiting));
    this.#moving = moving.then((parked) => void (parked && (this.#moved = 'waiting-children')));
    await this.#moving;
    if (this.#moved) return true;
    const failure = await this.failureOfChild();
    if (failure) throw failure;
    return false;
  }

  async complete(result: Payload | undefined, progress: Payload | undefined): Promise<CompleteAnswer> {
    const told = progress === undefined ? {} : { progress };
    return await this.#activation.complete({ seq: this.#seq + 1, ...told }, result, 0);
  }

  async fail(failure: Failure, retryAt: number | undefined): Promise<void> {
    await this.#activation.fail({ seq: this.#seq + 1 }, failure, retryAt);
  }

  async release(): Promise<void> {
    await this.#activation.release({ seq: this.#seq + 1 });
  }

  /** Of a child whose failure keeps the job from completing. */
  async failureOfChild(): Promise<ChildFailedError | undefined> {
    const children = await this.#activation.children();
    const failed = children.find(({ status, onFailure }) => status === 'failed' && onFailure === 'fail');
    return failed && childFailed(failed);
  }

  async #write<A>(send: (write: Write) => A | Promise<A>): Promise<A> {
    const answer = await send({ seq: this.#seq + 1 });
    this.#seq++;
    return answer;
  }
}
