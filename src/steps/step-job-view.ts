import type { JobOptions } from '../engine/records.js';
import { hashOf } from '../job/hash.js';
import type { Progress } from './progress.js';
import type { StepJob } from './step-job.js';
import type { StepRun } from './step-run.js';

/**
 * The job as one visit of a step sees it. Everything stored is decoded when it is first asked for, and anew for each
 * visit: what one step does to an object, the next doesn't see, as it wouldn't after a resume.
 */
export class StepJobView implements StepJob {
  readonly step: string;
  readonly visit: number;
  readonly attemptsMade: number;
  readonly #progress: Progress;
  readonly #run: StepRun;
  readonly #decoded: { data?: { value: unknown }; outputs?: Readonly<Record<string, unknown>>; key?: string } = {};
  readonly #saved: { payload: string | undefined; value?: unknown };

  constructor(progress: Progress, run: StepRun) {
    const { cursor, activation, writer } = progress;
    this.#progress = progress;
    this.#run = run;
    this.step = run.name;
    this.visit = cursor.visit;
    this.attemptsMade = activation.job.attemptsMade - cursor.attemptBase;
    this.#saved = { payload: writer.get('e') };
  }

  get id(): string {
    return this.#progress.activation.job.id;
  }

  get name(): string {
    return this.#progress.activation.job.name;
  }

  get queueName(): string {
    return this.#progress.activation.job.queue;
  }

  get opts(): JobOptions {
    return this.#progress.activation.job.opts;
  }

  get timestamp(): number {
    return this.#progress.activation.job.timestamp;
  }

  get data(): unknown {
    this.#decoded.data ??= { value: this.#progress.payloads.decode(this.#progress.activation.job.data) };
    return this.#decoded.data.value;
  }

  get saved(): unknown {
    const { payload } = this.#saved;
    if (payload !== undefined && !('value' in this.#saved)) this.#saved.value = this.#progress.payloads.decode(payload);
    return this.#saved.value;
  }

  get outputs(): Readonly<Record<string, unknown>> {
    return (this.#decoded.outputs ??= this.#outputs());
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get idempotencyKey(): string {
    return (this.#decoded.key ??= this.#progress.idempotencyKey);
  }

  idempotencyKeyFor(label: string): string {
    return hashOf(this.idempotencyKey, 'label', label);
  }

  log(row: string): void {
    this.#progress.activation.log(row);
  }

  #outputs(): Readonly<Record<string, unknown>> {
    const { writer, payloads } = this.#progress;
    // without a prototype: a step may be named like one of Object's members
    const outputs: Record<string, unknown> = Object.create(null);
    for (const field of writer.names('o:')) outputs[field.slice(2)] = payloads.decode(writer.get(field));
    return Object.freeze(outputs);
  }
}
