import type { JobOptions } from '../engine/records.js';
import type { Activation } from '../job/activation.js';
import type { Payloads } from '../job/payloads.js';
import type { Cursor } from './cursor.js';
import { hashOf } from './idempotency.js';
import type { StepJob } from './step-job.js';
import type { StepRun } from './step-run.js';
import type { Writer } from './writer.js';

interface Host {
  readonly activation: Activation;
  readonly payloads: Payloads;
  readonly writer: Writer;
  readonly idempotencyKey: string;
}

/**
 * The job as one visit of a step sees it. Everything stored is decoded when it is first asked for, and anew for each
 * visit: what one step does to an object, the next doesn't see, as it wouldn't after a resume.
 */
export class StepJobView implements StepJob {
  readonly step: string;
  readonly visit: number;
  readonly attemptsMade: number;
  readonly #host: Host;
  readonly #run: StepRun;
  readonly #decoded: { data?: { value: unknown }; outputs?: Readonly<Record<string, unknown>>; key?: string } = {};
  readonly #saved: { payload: string | undefined; value?: unknown };

  constructor(host: Host, run: StepRun, cursor: Cursor) {
    this.#host = host;
    this.#run = run;
    this.step = run.name;
    this.visit = cursor.visit;
    this.attemptsMade = host.activation.job.attemptsMade - cursor.attemptBase;
    this.#saved = { payload: host.writer.get('e') };
  }

  get id(): string {
    return this.#host.activation.job.id;
  }

  get name(): string {
    return this.#host.activation.job.name;
  }

  get queueName(): string {
    return this.#host.activation.job.queue;
  }

  get opts(): JobOptions {
    return this.#host.activation.job.opts;
  }

  get timestamp(): number {
    return this.#host.activation.job.timestamp;
  }

  get data(): unknown {
    this.#decoded.data ??= { value: this.#host.payloads.decode(this.#host.activation.job.data) };
    return this.#decoded.data.value;
  }

  get saved(): unknown {
    const { payload } = this.#saved;
    if (payload !== undefined && !('value' in this.#saved)) this.#saved.value = this.#host.payloads.decode(payload);
    return this.#saved.value;
  }

  get outputs(): Readonly<Record<string, unknown>> {
    return (this.#decoded.outputs ??= this.#outputs());
  }

  get signal(): AbortSignal {
    return this.#run.signal;
  }

  get idempotencyKey(): string {
    return (this.#decoded.key ??= this.#host.idempotencyKey);
  }

  idempotencyKeyFor(label: string): string {
    return hashOf(this.idempotencyKey, 'label', label);
  }

  log(row: string): void {
    this.#host.activation.log(String(row));
  }

  #outputs(): Readonly<Record<string, unknown>> {
    const { writer, payloads } = this.#host;
    // without a prototype: a step may be named like one of Object's members
    const outputs: Record<string, unknown> = Object.create(null);
    for (const field of writer.names('o:')) outputs[field.slice(2)] = payloads.decode(writer.get(field));
    return Object.freeze(outputs);
  }
}
