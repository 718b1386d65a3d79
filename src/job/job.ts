import type { RetryOptions } from '../engine/admin.js';
import type { Logs } from '../engine/engine.js';
import type { JobRecord, JobState } from '../engine/records.js';
import { JobNotFoundError, JobStateError, LeaseLostError } from '../errors.js';
import { checkArgument } from './check-argument.js';
import type { Hold } from './hold.js';
import type { JobContext } from './job-context.js';
import {
  dependenciesOf,
  dependencyCounts,
  reasonsOf,
  valuesOf,
  type Dependencies,
  type DependenciesOptions,
} from './job-dependencies.js';
import { jobOptionRules } from './job-options.js';
import { rules, type OptionRule } from './options.js';
import { WatchedJob } from './watched-job.js';

/** What a worker's function waits for with `job.moveToWaitingChildren`. */
export interface WaitOptions {
  /** For the children that were added with `parent: { …, group }` alone: a round of its own. Default: for all. */
  readonly group?: string;
  /** Waits only while this child has not finished. */
  readonly child?: { readonly id: string; readonly queue: string };
}

/**
 * A job, as it was when it was added, read or taken. Its methods, and its members that end in `$`, ask the store; each throws
 * `JobNotFoundError` when the job isn't there any more, and `JobStateError` when it can't be done in the job's state.
 *
 * That which a worker's function is given holds the job: what it writes is refused with `LeaseLostError` as soon as another
 * activation has the job.
 */
export class Job<Data = any, Result = any, Name extends string = string, Progress = any> extends WatchedJob<
  Data,
  Result,
  Name,
  Progress
> {
  readonly #hold: Hold | undefined;

  /** @param hold of the function that runs it */
  constructor(context: JobContext, record: JobRecord, hold?: Hold) {
    super(context, record);
    this.#hold = hold;
  }

  /** Of the activation that runs it, for the worker's function. */
  get token(): string | undefined {
    return this.#hold?.token;
  }

  // --- what the job knows ---

  /**
   * Replaces the job's data; a worker's function sees it at once, steps from the job's next activation on.
   *
   * @throws UnserializableValueError, PayloadTooLargeError
   */
  async updateData(data: Data): Promise<void> {
    const payload = this.context.payloads.encode(data, () => `the data of ${this.label}`);
    this.#expect(await this.#engine.updateData(this.queueName, this.id, payload, this.token));
    this.update({ data: payload });
    this.#hold?.dataSaved();
  }

  /**
   * Replaces the job's progress, and tells those who watch.
   *
   * @throws UnserializableValueError, PayloadTooLargeError
   */
  async updateProgress(progress: unknown): Promise<void> {
    const { payloads } = this.context;
    checkArgument('job.updateProgress()', 'progress', progress, known);
    const payload = payloads.encode(progress, () => `the progress of ${this.label}`);
    const text = payloads.toJson(payload!);
    this.#expect(await this.#engine.updateProgress(this.queueName, this.id, text, this.token));
    this.update({ progress: text });
    this.#hold?.told(progress);
  }

  /** Appends a row to the job's log. @returns how many there are */
  async log(row: string): Promise<number> {
    checkArgument('job.log()', 'row', row, rules.text);
    return this.#known(await this.#engine.log(this.queueName, this.id, row, undefined, this.token));
  }

  /** Rows of the job's log, the oldest first, and how many there are. */
  async getLogs(start = 0, end = -1, ascending = true): Promise<Logs> {
    return this.#engine.logs(this.queueName, this.id, start, end, ascending);
  }

  /** Removes the rows of the job's log but for the last `keep`. */
  async clearLogs(keep = 0): Promise<void> {
    checkArgument('job.clearLogs()', 'keep', keep, rules.count);
    await this.#engine.clearLogs(this.queueName, this.id, keep);
  }

  // --- for the function that runs it ---

  /**
   * Moves the job to delayed: it is taken again at `timestamp`. The function then throws `DelayedError`.
   *
   * @param timestamp milliseconds since the epoch
   * @param token the one that the function was called with
   * @throws LeaseLostError when the token isn't the job's, or another activation has the job
   */
  async moveToDelayed(timestamp: number, token?: string): Promise<void> {
    const delay = timestamp - this.#engine.clock.now();
    checkArgument('job.moveToDelayed()', 'timestamp', timestamp, time);
    await this.#held('moveToDelayed', token).moveToDelayed(timestamp);
    this.update({ state: 'delayed', delay: Math.max(Math.round(delay), 0), due: timestamp });
  }

  /**
   * Moves the job to waiting-children if there are children to wait for: it is taken again when all are done. The function
   * then throws `WaitingChildrenError`.
   *
   * @param token the one that the function was called with
   * @returns whether it was moved: else the children are done, and the function goes on
   * @throws ChildFailedError when a child with `failParentOnFailure` has failed; LeaseLostError as {@link moveToDelayed}
   */
  async moveToWaitingChildren(token?: string, options: WaitOptions = {}): Promise<boolean> {
    const hold = this.#held('moveToWaitingChildren', token);
    const { child, group } = options;
    if (child && !(await this.#isPending(child))) return false;
    const all = { failuresSeen: 0 };
    return hold.moveToWaitingChildren(group === undefined ? { all } : { groups: [group], all });
  }

  async #isPending({ id, queue }: { readonly id: string; readonly queue: string }): Promise<boolean> {
    const children = await this.#engine.children(this.queueName, this.id);
    return children.some(
      (child) => child.id === id && this.context.qualified(child.queue) === queue && child.status === 'pending',
    );
  }

  // --- its children ---

  /** The results of the children that have completed, by their keys. @param options `group`: those of one group */
  async getChildrenValues<Value = any>(options: { readonly group?: string } = {}): Promise<Record<string, Value>> {
    return valuesOf(this.context, await this.#engine.children(this.queueName, this.id, options.group));
  }

  /** Why children have failed whose failure doesn't fail the job, by their keys. */
  async getIgnoredChildrenFailures(): Promise<Record<string, string>> {
    return reasonsOf(this.context, await this.#engine.children(this.queueName, this.id));
  }

  /** The job's children by where they stand: all, or parts of those that are asked for. */
  async getDependencies(options: DependenciesOptions = {}): Promise<Dependencies> {
    return dependenciesOf(this.context, await this.#engine.children(this.queueName, this.id), options);
  }

  /** How many children there are of each kind, or of those that are asked for. */
  async getDependenciesCount(
    options: { processed?: boolean; unprocessed?: boolean; ignored?: boolean; failed?: boolean } = {},
  ): Promise<{ processed?: number; unprocessed?: number; ignored?: number; failed?: number }> {
    return dependencyCounts(await this.#engine.children(this.queueName, this.id), options);
  }

  /** Removes the children that are neither finished nor active. */
  async removeUnprocessedChildren(): Promise<void> {
    await this.#engine.removeUnprocessedChildren(this.queueName, this.id);
  }

  /** Makes the job a child of its parent no more. @returns whether the parent still waited for it */
  async removeChildDependency(): Promise<boolean> {
    const removed = await this.#engine.removeChildDependency(this.queueName, this.id);
    if (removed) this.update({ parent: undefined });
    return removed;
  }

  // --- what becomes of it ---

  /**
   * Cancels the job: one that isn't running fails with `JobCancelledError`, its unfinished children too; one that runs is
   * unsubscribed on its worker, at the latest with that worker's next write or renewal.
   *
   * @param reason becomes the job's failure
   * @returns whether it did: a finished job stays as it is
   */
  async cancel(reason = 'cancelled'): Promise<boolean> {
    checkArgument('job.cancel()', 'reason', reason, rules.text);
    return this.#engine.cancel(this.queueName, this.id, reason);
  }

  /**
   * Runs a finished job again: a failed one from its checkpoint, a completed one from its first step, as a new run.
   *
   * @param state the one that it must be in; default: either
   */
  async retry(state?: 'completed' | 'failed', options: Omit<RetryOptions, 'state'> = {}): Promise<void> {
    checkArgument('job.retry()', 'state', state, finishedState);
    const done = await this.#engine.retry(this.queueName, this.id, { ...options, ...(state && { state }) });
    await this.#expectState(state ?? 'completed or failed', done);
    this.update({
      finishedOn: undefined,
      processedOn: undefined,
      failedReason: undefined,
      returnvalue: undefined,
      ...(options.resetAttemptsMade && { attemptsMade: 0 }),
      ...(options.resetAttemptsStarted && { attemptsStarted: 0 }),
    });
  }

  /** Lets a delayed job run now; one that sleeps in a `delay` passes it. */
  async promote(): Promise<void> {
    await this.#expectState('delayed', await this.#engine.promote(this.queueName, this.id));
    this.update({ delay: 0, due: undefined });
  }

  /** Moves a delayed job's due time to `delay` milliseconds from now. */
  async changeDelay(delay: number): Promise<void> {
    checkArgument('job.changeDelay()', 'delay', delay, rules.milliseconds);
    const due = this.#engine.clock.now() + delay;
    await this.#expectState('delayed', await this.#engine.changeDelay(this.queueName, this.id, due));
    this.update({ delay, due });
  }

  /** The job's priority from now on; one that is ready changes its place. @param options `lifo`: before its likes */
  async changePriority({ priority = 0, lifo = false }: { priority?: number; lifo?: boolean }): Promise<void> {
    checkArgument('job.changePriority()', 'priority', priority, jobOptionRules.priority);
    this.#expect(await this.#engine.changePriority(this.queueName, this.id, priority, lifo));
    this.update({ priority });
  }

  /**
   * Removes the job, with its unfinished children; one that isn't in the store is as good as removed.
   *
   * @throws JobStateError for a job that is active, has active children, or is the next one of a scheduler
   */
  async remove({ removeChildren = true }: { readonly removeChildren?: boolean } = {}): Promise<void> {
    const answer = await this.#engine.remove(this.queueName, this.id, removeChildren);
    if (answer === 'active')
      throw new JobStateError(`${this.label} is active, or a child of it is: it was not removed`);
    if (answer === 'scheduled') {
      throw new JobStateError(`${this.label} is the next one of its scheduler: use queue.removeJobScheduler()`);
    }
  }

  /** Frees the place that the job holds for its deduplication. @returns whether it held one */
  async removeDeduplicationKey(): Promise<boolean> {
    const { deduplicationId } = this;
    return deduplicationId !== undefined && this.#engine.removeDeduplication(this.queueName, deduplicationId, this.id);
  }

  // --- where it is ---

  /** Where the job is now; `unknown` when it isn't in the store. */
  async getState(): Promise<JobState | 'unknown'> {
    const record = await this.#engine.get(this.queueName, this.id);
    return record?.state ?? 'unknown';
  }

  async isCompleted(): Promise<boolean> {
    return (await this.getState()) === 'completed';
  }

  async isFailed(): Promise<boolean> {
    return (await this.getState()) === 'failed';
  }

  async isDelayed(): Promise<boolean> {
    return (await this.getState()) === 'delayed';
  }

  async isWaitingChildren(): Promise<boolean> {
    return (await this.getState()) === 'waiting-children';
  }

  async isActive(): Promise<boolean> {
    return (await this.getState()) === 'active';
  }

  async isWaiting(): Promise<boolean> {
    return (await this.getState()) === 'waiting';
  }

  // --- refusals ---

  get #engine(): JobContext['engine'] {
    return this.context.engine;
  }

  /** @throws JobNotFoundError */
  #expect(found: boolean): void {
    if (!found) throw new JobNotFoundError(`${this.label} is not in the store`);
  }

  #known<T>(value: T | undefined): T {
    this.#expect(value !== undefined);
    return value as T;
  }

  /** @throws JobStateError, JobNotFoundError */
  async #expectState(state: string, was: boolean): Promise<void> {
    if (was) return;
    const now = await this.getState();
    this.#expect(now !== 'unknown');
    throw new JobStateError(`${this.label} is not ${state}, but ${now}`);
  }

  /** @throws LeaseLostError, JobStateError */
  #held(method: string, token: string | undefined): Hold {
    if (!this.#hold) {
      throw new LeaseLostError(`${this.label} is not held here: job.${method}() is for the function that runs it`);
    }
    this.#hold.prove(token);
    return this.#hold;
  }
}

const known: OptionRule = { test: (value) => value !== undefined, expects: 'a value' };
const time: OptionRule = { test: Number.isFinite, expects: 'milliseconds since the epoch' };
const finishedState: OptionRule = {
  test: (value) => value === undefined || value === 'completed' || value === 'failed',
  expects: "'completed' or 'failed'",
};
