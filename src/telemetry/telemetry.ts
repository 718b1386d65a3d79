import type { Awaitable } from '../engine/awaitable.js';
import type { CounterName, GaugeName, HistogramName } from './figures.js';

/**
 * Who is told what the jobs of a process do: `openTelemetry()` of `stepstream/opentelemetry`, `prometheus()` of
 * `stepstream/prometheus`, or one's own. None of it is told a payload: no data, no emission, no result.
 */
export interface Telemetry {
  readonly tracing?: Tracing;
  readonly metrics?: Metrics;
}

export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** Makes spans, and knows which one is active. */
export interface Tracing {
  start(span: NewSpan): Span;
  /** Runs code in no span: what the engine does is nobody's part. */
  detached<T>(code: () => T): T;
}

export interface NewSpan {
  readonly name: string;
  /** `producer`: jobs are added; `consumer`: a job is run, in a trace of its own; `internal`: a part of that. */
  readonly kind: 'producer' | 'consumer' | 'internal';
  readonly attributes: Attributes;
  /** Default: the active one; for a consumer none. */
  readonly parent?: Span | undefined;
  /** The `metadata` of the span that has added the job, as it came with it: text from the store, to be distrusted. */
  readonly producer?: string | undefined;
}

export interface Span {
  /** Names the span to other processes; travels with the jobs that are added in it. `undefined`: there is nothing to tell. */
  readonly metadata: string | undefined;
  /** Runs code in which the span is the active one, and all that it begins. */
  run<T>(code: () => T): T;
  /**
   * @param attributes with an `error.type` when it has failed
   * @param error what it has failed with; its message may hold what user code has put there. `undefined`: it hasn't
   */
  end(attributes: Attributes, error?: unknown): void;
}

/** Takes figures; durations in seconds. Their attributes are of few values each: never the id of a job. */
export interface Metrics {
  count(counter: CounterName, by: number, attributes: Attributes): void;
  record(histogram: HistogramName, seconds: number, attributes: Attributes): void;
  /** `ask` is called when the figures are collected, and not before. @returns ends it */
  observe(gauge: GaugeName, ask: () => Awaitable<readonly Observation[]>): () => void;
}

export interface Observation {
  readonly value: number;
  readonly attributes: Attributes;
}
