import { Subscription, from, isObservable, takeWhile, type Observable } from 'rxjs';
import type { Cancel } from '../engine/clock.js';
import type { Payload } from '../engine/records.js';
import {
  ChildFailedError,
  DelayedError,
  JobCancelledError,
  JobStateError,
  JobTimeoutError,
  LeaseLostError,
  RateLimitError,
  StoreUnavailableError,
  UnrecoverableError,
  WaitingChildrenError,
  WaitingError,
} from '../errors.js';
import type { Outcome } from '../job/activation.js';
import { backoffOf } from '../job/backoff.js';
import { asError, failureOf, isNamed } from '../job/failure.js';
import type { Hold } from '../job/hold.js';
import type { Job } from '../job/job.js';
import type { Payloads } from '../job/payloads.js';
import type { LiveActivation } from './live-activation.js';
import type { WorkerFunction } from './worker-function.js';
import type { BackoffStrategy } from './worker-options.js';

export interface FunctionRunOptions {
  readonly function: WorkerFunction;
  readonly payloads: Payloads;
  /** Milliseconds. */
  readonly timeout: number | undefined;
  readonly maxStartedAttempts: number;
  readonly backoffStrategy: BackoffStrategy | undefined;
  report(error: unknown): void;
}

/** One run of a worker's function: from its call until the job has completed, failed, was moved or is lost. */
export class FunctionRun {
  readonly #activation: LiveActivation;
  readonly #options: FunctionRunOptions;
  readonly #hold: Hold;
  readonly #abort = new AbortController();
  #timer: Cancel | undefined;
  #stream: Subscription | undefined;
  /** The newest emission that isn't saved. */
  #unsaved: { readonly value: unknown } | undefined;
  #saving: Promise<void> | undefined;
  /** What is to become of the job is decided. */
  #settled = false;
  #ended = false;

  constructor(activation: LiveActivation, options: FunctionRunOptions) {
    this.#activation = activation;
    this.#options = options;
    this.#hold = activation.hold;
  }

  get #job(): Job {
    return this.#activation.handle!;
  }

  begin(): void {
    const { job, clock, draining } = this.#activation;
    const { timeout, maxStartedAttempts } = this.#options;
    this.#activation.onStop((why) => this.#stop(why));
    if (draining) this.#settle(() => this.#release());
    else if (job.returned) this.#settle(() => this.#complete(job.returned!.result, undefined));
    else if (job.attemptsStarted > maxStartedAttempts) {
      this.#failed(new UnrecoverableError(`the job was started more than ${maxStartedAttempts} times`));
    } else {
      if (timeout !== undefined) this.#timer = clock.after(timeout, () => this.#timedOut(timeout));
      this.#call();
    }
  }

  #call(): void {
    try {
      const running: unknown = this.#options.function(this.#job, this.#hold.token, this.#abort.signal);
      if (isStream(running)) this.#subscribe(running);
      else {
        Promise.resolve(running)
          .then((value) => (isStream(value) ? this.#subscribe(value) : this.#returned(value)))
          .catch((error: unknown) => this.#failed(error));
      }
    } catch (error) {
      this.#failed(error);
    }
  }

  // --- a stream: each emission is progress, the last one is the result ---

  #subscribe(stream: Observable<unknown> | AsyncIterable<unknown>): void {
    if (this.#settled) return;
    if (this.#abort.signal.aborted) return this.#cancelled(); // while it was on its way
    let last: unknown;
    this.#stream = new Subscription(); // first: what it emits at once may be its end
    this.#stream.add(
      from(stream)
        .pipe(takeWhile(() => !this.#settled))
        .subscribe({
          next: (value) => {
            last = value;
            this.#unsaved = value === undefined ? undefined : { value };
            this.#saving ??= Promise.resolve().then(() => this.#save());
          },
          error: (error) => this.#failed(error),
          complete: () => this.#returned(last),
        }),
    );
  }

  /** One write at a time: of what comes up meanwhile the newest is saved. What is left at the end goes with the result. */
  async #save(): Promise<void> {
    let saved = this.#unsaved;
    try {
      for (; saved && !this.#settled; saved = this.#unsaved) {
        this.#unsaved = undefined;
        await this.#job.updateProgress(saved.value);
      }
    } catch (error) {
      if (!isNamed(error, StoreUnavailableError)) return this.#failed(error);
      this.#unsaved ??= saved; // no fault of the job's (I12): it goes with the next one, or with the result
    } finally {
      this.#saving = undefined;
    }
  }

  // --- how it ends ---

  #returned(value: unknown): void {
    this.#settle(async () => {
      const { payloads } = this.#options;
      const label = `of job ${this.#job.id} of queue ${this.#job.queueName}`;
      let result: Payload | undefined;
      let progress: Payload | undefined;
      try {
        result = payloads.encode(value, () => `the result ${label}`);
        const unsaved = payloads.encode(this.#unsaved?.value, () => `the progress ${label}`);
        progress = unsaved === undefined ? undefined : payloads.toJson(unsaved);
      } catch (error) {
        return this.#fail(error);
      }
      return this.#complete(result, progress);
    });
  }

  #failed(error: unknown): void {
    const isWord = isNamed(error, DelayedError) || isNamed(error, WaitingChildrenError);
    const end = (): Promise<void> => {
      if (isNamed(error, RateLimitError) || isNamed(error, WaitingError)) return this.#release();
      return isWord ? this.#notMoved(asError(error)) : this.#fail(error);
    };
    this.#settle(end, () => isWord || this.#options.report(error)); // the job is on its way already
  }

  /**
   * The worker before may have died after it had moved the job, and this function goes on behind that. If it has got further
   * the job is put back, and the next run begins there; else that would come to the same again.
   */
  #notMoved(error: Error): Promise<void> {
    const { job, hold } = this.#activation;
    const method = isNamed(error, DelayedError) ? 'moveToDelayed(timestamp, token)' : 'moveToWaitingChildren(token)';
    const what = `threw ${error.name}, but had not moved the job: job.${method} comes first`;
    if (!hold.savedData) return this.#fail(new JobStateError(`the function ${what}`, { cause: error }));
    this.#activation.warn(
      `the function of job ${job.id} of queue ${job.queue} ${what}; it runs again with the data that it has saved`,
    );
    return this.#release();
  }

  #timedOut(timeout: number): void {
    const error = new JobTimeoutError(`the job ran for longer than ${timeout} ms`);
    this.#abort.abort(error);
    this.#settle(() => this.#fail(error));
  }

  /** A stream is unsubscribed, and its job fails for good; a promise's function hears it by its signal. */
  cancel(reason: string): void {
    this.#abort.abort(new JobCancelledError(reason));
    if (this.#stream) this.#cancelled();
  }

  #cancelled(): void {
    this.#settle(() => this.#fail(this.#abort.signal.reason, false));
  }

  #stop(why: 'lost' | 'closing'): void {
    const { moved } = this.#hold;
    if (moved && why === 'lost') return; // by itself
    const { id, queue } = this.#activation.job;
    this.#abort.abort(new LeaseLostError(`job ${id} of queue ${queue} goes on without this activation`));
    if (moved) this.#end({ type: moved });
    else if (why === 'lost') this.#end({ type: 'lost', error: undefined });
    else this.#settle(() => this.#release());
  }

  async #complete(result: Payload | undefined, progress: Payload | undefined): Promise<void> {
    const answer = await this.#hold.complete(result, progress);
    if (answer === 'failed-children') {
      return this.#fail((await this.#hold.failureOfChild()) ?? new ChildFailedError('a child failed, and was removed'));
    }
    if (progress !== undefined) this.#hold.told(this.#unsaved!.value);
    this.#end(answer === 'completed' ? { type: 'completed', result } : { type: 'waiting-children' });
  }

  async #fail(error: unknown, mayRetry = !isNamed(error, UnrecoverableError)): Promise<void> {
    const { job, clock } = this.#activation;
    const mayStart = job.attemptsStarted < this.#options.maxStartedAttempts;
    const again = mayRetry && mayStart && job.attemptsMade + 1 < (job.opts.attempts ?? 1);
    const delay = again ? await this.#backoff(error) : -1;
    await this.#hold.fail(failureOf(error), delay < 0 ? undefined : clock.now() + delay);
    this.#end({ type: delay < 0 ? 'failed' : 'retried', error });
  }

  /** Milliseconds until the next attempt; -1: there is none. */
  async #backoff(error: unknown): Promise<number> {
    const { id, opts, attemptsMade } = this.#activation.job;
    const { backoff } = opts;
    const attempt = attemptsMade + 1;
    if (typeof backoff !== 'object' || backoff.type === 'fixed' || backoff.type === 'exponential') {
      return backoffOf(backoff, attempt, id);
    }
    const { backoffStrategy } = this.#options;
    if (backoffStrategy) {
      try {
        const delay = await backoffStrategy(attempt, backoff.type, asError(error), this.#job);
        if (Number.isFinite(delay)) return delay;
        throw new TypeError(
          `settings.backoffStrategy must answer milliseconds, or -1: of "${backoff.type}" it doesn't`,
        );
      } catch (fault) {
        this.#options.report(fault);
      }
    } else {
      this.#activation.warn(
        `job ${id} has the backoff "${backoff.type}", which the worker doesn't know: give it settings.backoffStrategy`,
      );
    }
    return backoff.delay ?? 0;
  }

  async #release(): Promise<void> {
    await this.#hold.release();
    this.#end({ type: 'released' });
  }

  // --- once ---

  /** @param moved called instead of `end`, when the function has moved the job */
  #settle(end: () => Promise<void>, moved?: () => void): void {
    if (this.#settled) return;
    this.#leave();
    this.#afterWrites(end, moved).catch((error: unknown) => this.#end({ type: 'lost', error }));
  }

  /** What the function has begun to write comes first: two writes at a time would be taken for one (`seq`). */
  async #afterWrites(end: () => Promise<void>, moved?: () => void): Promise<void> {
    await this.#saving;
    await this.#hold.movesAnswered();
    const type = this.#hold.moved;
    if (!type) return end();
    moved?.();
    this.#end({ type });
  }

  #end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#leave();
    this.#activation.end(outcome);
  }

  /** Nothing more is taken of the function: neither what it returns nor what it emits. */
  #leave(): void {
    this.#settled = true;
    this.#timer?.();
    this.#stream?.unsubscribe();
  }
}

function isStream(value: unknown): value is Observable<unknown> | AsyncIterable<unknown> {
  return isObservable(value) || (typeof value === 'object' && value !== null && Symbol.asyncIterator in value);
}
