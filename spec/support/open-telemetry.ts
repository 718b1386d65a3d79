import { context, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { CompositePropagator, W3CBaggagePropagator, W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  MeterProvider,
  PeriodicExportingMetricReader,
  type HistogramMetricData,
  type MetricData,
} from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base';

/** OpenTelemetry's real SDK, which keeps all in memory, set up as an application does: globally, from a spec's first test to its last. */
export class OpenTelemetrySdk {
  readonly #begun: ReadableSpan[] = [];
  readonly tracerProvider = new BasicTracerProvider({
    spanProcessors: [
      {
        onStart: (span) => void this.#begun.push(span),
        onEnd: () => {},
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly #reader = new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: 3_600_000 });
  /** One for each test: figures are never set back. */
  readonly meterProvider = new MeterProvider({ readers: [this.#reader] });
  readonly tracer = this.tracerProvider.getTracer('spec');

  /** Spans that have ended, in the order in which they began: their times tell that to the millisecond only. */
  get spans(): readonly ReadableSpan[] {
    return this.#begun.filter(({ ended }) => ended);
  }

  named(name: string): readonly ReadableSpan[] {
    return this.spans.filter((span) => span.name === name);
  }

  one(name: string): ReadableSpan {
    const [span, ...others] = this.named(name);
    if (span && others.length === 0) return span;
    throw new Error(`not one span "${name}" among ${this.spans.map((each) => each.name).join(', ')}`);
  }

  /** What has been measured until now, by figure: `[attributes, value]`, of a histogram its number of values. */
  async figures(): Promise<Readonly<Record<string, readonly (readonly [attributes: object, value: number])[]>>> {
    const all = await this.collect();
    return Object.fromEntries(
      all.map(({ descriptor, dataPoints }) => [
        descriptor.name,
        dataPoints.map(({ attributes, value }) => [
          attributes,
          typeof value === 'number' ? value : (value as HistogramMetricData['dataPoints'][number]['value']).count,
        ]),
      ]),
    );
  }

  async collect(): Promise<readonly MetricData[]> {
    this.#metrics.reset();
    await this.#reader.forceFlush();
    return this.#metrics.getMetrics().flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  }

  async shutdown(): Promise<void> {
    await this.tracerProvider.shutdown();
    await this.meterProvider.shutdown();
  }
}

/** To be called at the top of a spec: a new SDK for each test. */
export function useOpenTelemetry(): () => OpenTelemetrySdk {
  let sdk: OpenTelemetrySdk;
  beforeAll(() => {
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(
      new CompositePropagator({ propagators: [new W3CTraceContextPropagator(), new W3CBaggagePropagator()] }),
    );
  });
  beforeEach(() => {
    sdk = new OpenTelemetrySdk();
    trace.disable();
    trace.setGlobalTracerProvider(sdk.tracerProvider);
  });
  afterEach(() => sdk.shutdown());
  afterAll(() => {
    trace.disable();
    context.disable();
    propagation.disable();
  });
  return () => sdk;
}
