import { counters, histograms } from './figures.js';
import type { Attributes, Metrics, Span, Telemetry, Tracing } from './telemetry.js';

/** BullMQ's `Telemetry`: what its users have, `new BullMQOtel()` of `bullmq-otel` most likely. */
export interface BullmqTelemetry {
  readonly tracer: {
    startSpan(name: string, options?: { readonly kind: number }, context?: unknown): BullmqSpan;
  };
  readonly contextManager: {
    with(context: unknown, code: () => unknown): unknown;
    active(): unknown;
    root?(): unknown;
    getMetadata(context: unknown): string;
    fromMetadata(active: unknown, metadata: string): unknown;
  };
  readonly meter?: {
    createCounter(name: string, options?: object): { add(value: number, attributes?: object): void };
    createHistogram(name: string, options?: object): { record(value: number, attributes?: object): void };
  };
}

interface BullmqSpan {
  setSpanOnContext(context: unknown): unknown;
  setAttributes(attributes: object): void;
  end(): void;
}

/** OpenTelemetry's kinds, as BullMQ numbers them. */
const kinds = { internal: 0, producer: 3, consumer: 4 } as const;

export function isBullmqTelemetry(value: unknown): value is BullmqTelemetry {
  const { tracer, contextManager } = (value ?? {}) as Partial<BullmqTelemetry>;
  return typeof tracer?.startSpan === 'function' && typeof contextManager?.fromMetadata === 'function';
}

/**
 * Our telemetry on BullMQ's. That knows neither links nor statuses, and no figures that are asked for: the span of an activation
 * is a child of the one that has added its job, an error is seen by `error.type` alone, and the gauges are missing.
 */
export function ofBullmq({ tracer, contextManager, meter }: BullmqTelemetry): Telemetry {
  // what has no `root` was made outside of any span, we trust: workers are
  const root = contextManager.root?.() ?? contextManager.active();
  const contexts = new WeakMap<Span, unknown>();
  const tracing: Tracing = {
    start({ name, kind, attributes, parent, producer }) {
      const around = parent ? contexts.get(parent) : kind === 'consumer' ? root : contextManager.active();
      const within = producer === undefined ? around : extracted(around, producer);
      const span = tracer.startSpan(name, { kind: kinds[kind] }, within);
      span.setAttributes(attributes);
      const context = span.setSpanOnContext(within);
      const made: Span = {
        metadata: contextManager.getMetadata(context),
        run: <T>(code: () => T) => contextManager.with(context, code) as T,
        end(last) {
          span.setAttributes(last);
          span.end();
        },
      };
      contexts.set(made, context);
      return made;
    },
    detached: <T>(code: () => T) => contextManager.with(root, code) as T,
  };
  const extracted = (context: unknown, metadata: string): unknown => {
    try {
      return contextManager.fromMetadata(context, metadata);
    } catch {
      return context; // anybody may have written it
    }
  };
  return { tracing, ...(meter && { metrics: metricsOf(meter) }) };
}

function metricsOf(meter: NonNullable<BullmqTelemetry['meter']>): Metrics {
  const made = new Map<string, unknown>();
  const once = <T>(name: string, make: () => T): T => {
    if (!made.has(name)) made.set(name, make());
    return made.get(name) as T;
  };
  return {
    count: (name, by, attributes: Attributes) =>
      once(name, () => meter.createCounter(name, counters[name])).add(by, attributes),
    record: (name, seconds, attributes: Attributes) =>
      once(name, () => meter.createHistogram(name, histograms[name])).record(seconds, attributes),
    observe: () => () => {},
  };
}
