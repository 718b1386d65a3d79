import type { Engine, JobRecord, JobState, Logs } from '../index.js';
import { decode } from './stored-text.js';
import { saveJobNow, type StoredJob } from './stored-job.js';
import type { JobLog, Trace, TraceEvent } from './trace.js';

/** What a handle looks at. */
interface Looked {
  readonly engine: Engine;
  readonly trace: Trace;
}

/**
 * A job of a bed: what it was, is and came to, at the moment of asking; after `run` has returned, too.
 *
 * @example
 * ```ts
 * const job = bed.run(({ add }) => add(Dunning, invoice));
 * expect(job.result).toBe('paid');
 * expect(job.outputs).toEqual({ charge: 'declined', remind: 'paid' });
 * ```
 */
export class JobHandle<Result = any> {
  readonly queueName: string;
  readonly #looked: Looked;
  readonly #find: () => JobLog | undefined;

  constructor(looked: Looked, queueName: string, find: () => JobLog | undefined) {
    this.#looked = looked;
    this.queueName = queueName;
    this.#find = find;
  }

  /** @throws Error for a child that was never added */
  get id(): string {
    const id = this.#find()?.id;
    if (id === undefined) throw new Error(`queue ${this.queueName} had no such job`);
    return id;
  }

  /** Its name in messages: `job orders 1`. */
  toString(): string {
    const log = this.#find();
    return log ? `job ${log.queue} ${log.id}` : `the job of queue ${this.queueName} that was never added`;
  }

  /** The job's record in the store; `undefined` when it isn't there, or not any more. */
  get record(): JobRecord | undefined {
    const log = this.#find();
    return log && (this.#looked.engine.get(log.queue, log.id) as JobRecord | undefined);
  }

  get state(): JobState | 'unknown' {
    return this.record?.state ?? 'unknown';
  }

  get result(): Result | undefined {
    return decode(this.record?.returnvalue) as Result | undefined;
  }

  get failedReason(): string | undefined {
    return this.record?.failedReason;
  }

  /** The last output of every step that has finished, by name. */
  get outputs(): Readonly<Record<string, unknown>> {
    return { ...this.#find()?.outputs };
  }

  /** Everything that happened to it. */
  get events(): readonly TraceEvent[] {
    return [...(this.#find()?.events ?? [])];
  }

  /** The rows of its log. */
  get logs(): readonly string[] {
    const log = this.#find();
    return log ? (this.#looked.engine.logs(log.queue, log.id) as Logs).logs : [];
  }

  /** As a fixture, to be loaded by a later version of the code. */
  save(): StoredJob {
    return saveJobNow(this.#looked.engine, this.queueName, this.id);
  }
}
