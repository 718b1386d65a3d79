/** What docs/guides/telemetry.md shows is run here, and what it lists is what is told. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { Writable } from 'node:stream';
import { context, metrics, propagation, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { ConsoleMetricExporter, MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BasicTracerProvider, ConsoleSpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { BullMQOtel } from 'bullmq-otel';
import { pino } from 'pino';
import { of, type Observable } from 'rxjs';
import { createApp, Processor, Queue, Step, telemetryFigures, Worker, type StepJob } from 'stepstream';
import { openTelemetry } from 'stepstream/opentelemetry';
import { prometheus } from 'stepstream/prometheus';

const guide = readFileSync('docs/guides/telemetry.md', 'utf8');

@Processor('orders')
class Orders {
  @Step() charge(job: StepJob<string>): Observable<string> {
    return of(`${job.data}: charged`);
  }
}

let written = '';
const stdout = new Writable({
  write(chunk, _encoding, done) {
    written += String(chunk);
    done();
  },
});

afterEach(() => {
  for (const api of [trace, metrics, context, propagation]) api.disable();
  jest.restoreAllMocks();
});

describe('docs/guides/telemetry.md', () => {
  it('sets up OpenTelemetry, and shows the spans on the console', async () => {
    const printed: { name: string; attributes: object }[] = [];
    jest.spyOn(console, 'dir').mockImplementation((span: (typeof printed)[number]) => void printed.push(span));

    const tracerProvider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(new ConsoleSpanExporter())],
    });
    const meterProvider = new MeterProvider({
      readers: [new PeriodicExportingMetricReader({ exporter: new ConsoleMetricExporter() })],
    });
    context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
    propagation.setGlobalPropagator(new W3CTraceContextPropagator());
    trace.setGlobalTracerProvider(tracerProvider);
    metrics.setGlobalMeterProvider(meterProvider);

    const app = createApp({ processors: [Orders], telemetry: openTelemetry() });
    await app.start();
    const job = await app.queue(Orders).add('order', 'books');
    await job.result();
    await app.close();
    await tracerProvider.shutdown();
    await meterProvider.shutdown();

    expect(printed.map(({ name }) => name).filter((name) => name !== undefined)).toEqual(
      expect.arrayContaining(['add orders', 'step charge', 'process orders']),
    );
    const own = printed.flatMap(({ attributes }) => Object.keys(attributes ?? {}));
    expect([...new Set(own)].filter((name) => !guide.includes(`\`${name}\``))).toEqual([]);
  });

  it('serves figures to Prometheus', async () => {
    const figures = prometheus();
    const app = createApp({ processors: [Orders], telemetry: figures });
    const server = createServer(figures.handler).listen(9464, '127.0.0.1');

    await app.queue(Orders).add('order', 'books');
    await expect(figures.text()).resolves.toContain('stepstream_queue_jobs{');
    await new Promise((resolve) => void server.close(resolve));
    await app.close();
  });

  it("takes BullMQ's telemetry, and several", async () => {
    const telemetry = new BullMQOtel({ tracerName: 'shop', enableMetrics: true });
    const queue = new Queue('mails', { telemetry });
    const worker = new Worker('mails', async () => 'sent', { telemetry });

    await expect((await queue.add('mail', {})).result()).resolves.toBe('sent');
    await Promise.all([worker.close(), queue.close()]);

    const app = createApp({ processors: [Orders], telemetry: [openTelemetry(), prometheus()] });
    await app.close();
  });

  it('gives pino what it writes', async () => {
    const app = createApp({ processors: [Orders], logger: pino({ name: 'shop' }, stdout) });
    await app.close();
    expect(written).toBe(''); // nothing was worth a line; spec/job/logger.spec.ts has some
  });

  it('lists every figure with its unit', () => {
    const { counters, histograms, gauges } = telemetryFigures;
    for (const [name, { unit }] of Object.entries({ ...counters, ...histograms, ...gauges })) {
      expect(guide).toMatch(new RegExp(`^\\| \`${name}\` .*\\| \`${unit}\``, 'm'));
    }
  });
});
