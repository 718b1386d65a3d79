import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import * as bullmq from 'bullmq';
import { BullMQOtel } from 'bullmq-otel';
import { of } from 'rxjs';
import { createApp, Queue, Worker, type App, type Class, type TelemetryOption } from 'stepstream';
import { openTelemetry } from 'stepstream/opentelemetry';
import { useOpenTelemetry } from '../support/open-telemetry.js';
import { processor } from '../support/processor.js';
import { useWire } from './wire.js';

describe("traces across BullMQ's clients with bullmq-otel, and ours", () => {
  const wire = useWire(bullmq);
  const sdk = useOpenTelemetry();
  const open: { close(): Promise<unknown> }[] = [];

  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  function opened<T extends { close(): Promise<unknown> }>(it: T): T {
    open.push(it);
    return it;
  }

  async function app(telemetry: TelemetryOption, ...processors: readonly Class[]): Promise<App> {
    const made = opened(createApp({ connection: wire().url, processors, telemetry }));
    await made.start();
    return made;
  }

  const isPartOf = (span: ReadableSpan, parent: ReadableSpan): boolean =>
    span.parentSpanContext?.spanId === parent.spanContext().spanId &&
    span.spanContext().traceId === parent.spanContext().traceId;

  it('a job that BullMQ has added is linked to its span', async () => {
    const ours = await app(openTelemetry(), processor({ only: () => of('done') }));
    const theirs = wire().queue('work', { telemetry: new BullMQOtel() });
    const job = await theirs.add('run', {});
    await wire().end(job);
    await ours.close();
    const added = sdk().one('add work.run').spanContext();
    const { traceId, spanId } = sdk().one('process work').links[0]!.context;
    expect({ traceId, spanId }).toEqual({ traceId: added.traceId, spanId: added.spanId });
  });

  it('a job of a bulk that BullMQ has added is linked to the span of the bulk', async () => {
    const ours = await app(openTelemetry(), processor({ only: () => of('done') }));
    const theirs = wire().queue('work', { telemetry: new BullMQOtel() });
    const [job] = await theirs.addBulk([{ name: 'run', data: {} }]);
    await wire().end(job!);
    await ours.close();
    expect(sdk().one('process work').links[0]!.context.spanId).toBe(sdk().one('addBulk work').spanContext().spanId);
  });

  it('a job that we have added continues our trace on a worker of BullMQ', async () => {
    const ours = await app(openTelemetry());
    wire().worker('theirs', async () => 'done', { telemetry: new BullMQOtel() });
    const job = await ours.queue('theirs').add('run', {});
    await job.result();
    const added = sdk().one('add theirs');
    const processed = await until(() => sdk().named('process theirs')[0]);
    expect(isPartOf(processed, added)).toBe(true);
  });

  it('BullMQ reads the options of jobs that we have added with a trace, and we those of its', async () => {
    const ours = await app(openTelemetry());
    const { id } = await ours.queue('work').add('run', {}, { attempts: 2 });
    const read = (await wire().queue('work').getJob(id))!.opts;
    expect(read).toMatchObject({ attempts: 2, telemetry: { metadata: expect.stringContaining('traceparent') } });
    const omitted = await wire()
      .queue('work')
      .add('run', {}, { telemetry: { omitContext: true } });
    expect((await ours.queue('work').getJob(omitted.id!))!.opts).toEqual({ telemetry: { omitContext: true } });
  });

  it("with BullMQ's own telemetry ours makes spans that continue those of who has added the job", async () => {
    const telemetry = new BullMQOtel();
    const ours = await app(telemetry, processor({ only: () => of('done') }));
    await sdk().tracer.startActiveSpan('request', async (span) => {
      await ours.queue('work').add('run', {});
      span.end();
    });
    const job = (await ours.queue('work').getJobs())[0]!;
    await job.result();
    await ours.close();
    const added = sdk().one('add work');
    const processed = sdk().one('process work');
    expect(isPartOf(added, sdk().one('request'))).toBe(true);
    expect(isPartOf(processed, added)).toBe(true);
    expect(isPartOf(sdk().one('step only'), processed)).toBe(true);
    expect(processed.attributes).toMatchObject({
      'messaging.destination.name': 'work',
      'stepstream.outcome': 'completed',
    });
  });

  it("with BullMQ's own telemetry a function's spans are parts of its activation's", async () => {
    const telemetry = new BullMQOtel();
    const connection = wire().url;
    const queue = opened(new Queue('work', { connection, telemetry }));
    const run = async (): Promise<void> => {
      await Promise.resolve();
      sdk().tracer.startSpan('mine').end();
    };
    const worker = opened(new Worker('work', run, { connection, telemetry, autorun: false }));
    const job = await queue.add('run', {}); // outside of any span
    void worker.run();
    await job.result();
    await worker.close();
    expect(isPartOf(sdk().one('mine'), sdk().one('process work'))).toBe(true);
  });
});

/** Spans end behind the job's end. */
async function until<T>(look: () => T | undefined): Promise<T> {
  for (;;) {
    const found = look();
    if (found !== undefined) return found;
    await new Promise((resolve) => void setImmediate(resolve));
  }
}
