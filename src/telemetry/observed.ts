import { steadyTime, type Clock } from '../engine/clock.js';
import type { JobRecord } from '../engine/records.js';
import { LeaseLostError } from '../errors.js';
import { errorType, keys, ofQueue, operation } from './attributes.js';
import type { Attributes, Metrics, Span, Tracing } from './telemetry.js';

/** Where what is observed goes to, and the clock that it is measured by. */
export interface Observers {
  readonly clock: Clock;
  readonly tracing: Tracing | undefined;
  readonly metrics: Metrics | undefined;
}

/** One activation of a job: a span of a trace of its own, linked to the one that has added the job. */
export class ObservedActivation {
  readonly #to: Observers;
  readonly #job: JobRecord;
  readonly #span: Span | undefined;
  readonly #begun: number;
  #step: ObservedStep | undefined;

  constructor(to: Observers, job: JobRecord) {
    const { id, queue, name, attemptsMade, opts } = job;
    this.#to = to;
    this.#job = job;
    this.#begun = steadyTime(to.clock);
    const processing = operation('process', 'process', queue);
    this.#span = to.tracing?.start({
      name: `process ${queue}`,
      kind: 'consumer',
      attributes: { ...processing, [keys.messageId]: id, [keys.jobName]: name, [keys.attemptsMade]: attemptsMade },
      producer: readable(opts.telemetry?.metadata),
    });
    to.metrics?.count('messaging.client.consumed.messages', 1, processing);
    if (job.attemptsStarted === 1) this.#late(job.timestamp + (opts.delay ?? 0));
  }

  /** The span that is going on: that of the step, if there is one. */
  get span(): Span | undefined {
    return this.#step?.span ?? this.#span;
  }

  run<T>(code: () => T): T {
    return this.#span ? this.#span.run(code) : code();
  }

  #late(due: number): void {
    const claimed = this.#job.processedOn ?? 0;
    if (claimed < due) return; // somebody else has let it run
    this.#to.metrics?.record('stepstream.job.lateness', (claimed - due) / 1_000, ofQueue(this.#job.queue));
  }

  /** The job enters a step. @param wokenFor the due time that has woken it; else -Infinity */
  step(name: string, visit: number, wokenFor: number): ObservedStep {
    if (!this.#step && Number.isFinite(wokenFor)) this.#late(wokenFor);
    return (this.#step = new ObservedStep(this.#to, this.#job, this.#span, name, visit));
  }

  /** @param outcome of an activation */
  end(outcome: string, error: unknown): void {
    const { clock, metrics } = this.#to;
    const { queue } = this.#job;
    const failure = failureIn(outcome, error);
    const ended = { [keys.outcome]: outcome, ...typeOf(failure) };
    metrics?.count('stepstream.activations', 1, { ...ofQueue(queue), [keys.outcome]: outcome });
    metrics?.record('messaging.process.duration', seconds(this.#begun, clock), {
      ...operation('process', 'process', queue),
      ...ended,
    });
    this.#span?.end(ended, failure);
  }
}

/** One run of a step on a worker. */
export class ObservedStep {
  readonly span: Span | undefined;
  readonly #to: Observers;
  readonly #attributes: Attributes;
  readonly #begun: number;

  constructor(to: Observers, job: JobRecord, parent: Span | undefined, name: string, visit: number) {
    this.#to = to;
    this.#attributes = { ...ofQueue(job.queue), [keys.step]: name };
    this.#begun = steadyTime(to.clock);
    this.span = to.tracing?.start({
      name: `step ${name}`,
      kind: 'internal',
      attributes: { ...this.#attributes, [keys.messageId]: job.id, [keys.visit]: visit },
      parent,
    });
  }

  run<T>(code: () => T): T {
    return this.span ? this.span.run(code) : code();
  }

  /** @param outcome of a step's run */
  end(outcome: string, error: unknown): void {
    const { clock, metrics } = this.#to;
    const failure = failureIn(outcome, error);
    const ended = { [keys.outcome]: outcome, ...typeOf(failure) };
    metrics?.record('stepstream.step.duration', seconds(this.#begun, clock), { ...this.#attributes, ...ended });
    this.span?.end(ended, failure);
  }
}

/** Anybody may have written it: what is longer than the headers of a request isn't even looked at. */
function readable(metadata: unknown): string | undefined {
  return typeof metadata === 'string' && metadata.length <= 16 * 1024 ? metadata : undefined;
}

/** What it has failed with; `undefined`: it hasn't. But that may have been thrown, too. */
function failureIn(outcome: string, error: unknown): unknown {
  if (outcome === 'failed' || outcome === 'retried') return error ?? new Error(`${String(error)} was thrown`);
  return outcome === 'lost' ? (error ?? new LeaseLostError('the lease of the job was lost')) : undefined;
}

export function seconds(since: number, clock: Clock): number {
  return Math.max(steadyTime(clock) - since, 0) / 1_000;
}

export function typeOf(error: unknown): Attributes {
  return error === undefined ? {} : { [keys.errorType]: errorType(error) };
}
