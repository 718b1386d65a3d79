import { setImmediate as nextTurn } from 'node:timers/promises';
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { concatMap, defer, from, of, tap, timer } from 'rxjs';
import {
  awaitChildren,
  checkpoint,
  checkpointMap,
  createApp,
  delay,
  FlowProducer,
  Queue,
  Worker,
  type App,
  type Class,
  type StepJob,
} from 'stepstream';
import { openTelemetry, type OpenTelemetryOptions } from 'stepstream/opentelemetry';
import { engines } from '../support/engines.js';
import { useOpenTelemetry } from '../support/open-telemetry.js';
import { processor } from '../support/processor.js';

const quiet = { warn: () => {}, error: () => {} };

describe.each(engines)('traces, %s', (_name, useConnection) => {
  const connection = useConnection();
  const sdk = useOpenTelemetry();
  const open: { close(): Promise<unknown> }[] = [];
  let number = 0;
  /** Another queue for each test: the store is one. */
  const fresh = (): string => `orders-${++number}`;

  afterEach(async () => {
    for (const each of open.splice(0)) await each.close();
  });

  function opened<T extends { close(): Promise<unknown> }>(it: T): T {
    open.push(it);
    return it;
  }

  async function started(processors: readonly Class[], options: OpenTelemetryOptions = {}): Promise<App> {
    const app = opened(
      createApp({ connection: connection(), processors, telemetry: openTelemetry(options), logger: quiet }),
    );
    await app.start();
    return app;
  }

  /** A span of the user's code, around something. */
  const inSpan = <T>(name: string, code: () => T): T =>
    sdk().tracer.startActiveSpan(name, (span) => {
      try {
        return code();
      } finally {
        span.end();
      }
    });

  const isPartOf = (span: ReadableSpan, parent: ReadableSpan): boolean =>
    span.parentSpanContext?.spanId === parent.spanContext().spanId &&
    span.spanContext().traceId === parent.spanContext().traceId;

  const linksOf = (span: ReadableSpan): readonly string[] => span.links.map(({ context: { spanId } }) => spanId);

  it('a job is added in a span of kind PRODUCER, which is a part of what adds it', async () => {
    const queue = fresh();
    const app = await started([]);
    const job = await inSpan('request', () => app.queue(queue).add('order', { id: 7 }));
    const added = sdk().one(`add ${queue}`);
    expect(added.kind).toBe(SpanKind.PRODUCER);
    expect(isPartOf(added, sdk().one('request'))).toBe(true);
    expect(added.attributes).toEqual({
      'messaging.system.name': 'stepstream',
      'messaging.system': 'stepstream',
      'messaging.destination.name': queue,
      'messaging.operation.name': 'add',
      'messaging.operation.type': 'send',
      'messaging.message.id': job.id,
      'stepstream.job.name': 'order',
    });
  });

  it('jobs that are added together share a span, with their number', async () => {
    const queue = fresh();
    const app = await started([]);
    await app.queue(queue).addBulk([1, 2, 3].map((data) => ({ name: 'order', data })));
    expect(sdk().one(`add ${queue}`).attributes).toMatchObject({ 'messaging.batch.message_count': 3 });
    expect(sdk().one(`add ${queue}`).attributes).not.toHaveProperty('messaging.message.id');
  });

  it('each activation is a trace of its own, linked to the span that has added the job; its steps are spans of it', async () => {
    const queue = fresh();
    const parcels = `${queue}-parcels`;
    const app = await started([
      processor(
        {
          charge: () => of('receipt'),
          ship: () => of('books', 'lamp').pipe(awaitChildren((data) => ({ queue: parcels, name: 'ship', data }))),
          review: (_job, tracking) => of(tracking).pipe(delay(5)),
        },
        { queue },
      ),
      processor({ ship: () => of('shipped') }, { queue: parcels, concurrency: 2 }),
    ]);
    const job = await app.queue(queue).add('order', {});
    await job.result();
    await app.close();

    const added = sdk().one(`add ${queue}`);
    const activations = sdk().named(`process ${queue}`);
    expect(activations.map((span) => span.attributes['stepstream.outcome'])).toEqual([
      'waiting-children',
      'delayed',
      'completed',
    ]);
    for (const activation of activations) {
      expect(activation).toMatchObject({ kind: SpanKind.CONSUMER, parentSpanContext: undefined });
      expect(linksOf(activation)).toEqual([added.spanContext().spanId]);
      expect(activation.status.code).toBe(SpanStatusCode.UNSET);
      expect(activation.attributes).toMatchObject({
        'messaging.system.name': 'stepstream',
        'messaging.destination.name': queue,
        'messaging.operation.name': 'process',
        'messaging.operation.type': 'process',
        'messaging.message.id': job.id,
        'stepstream.job.name': 'order',
        'stepstream.job.attempts_made': 0,
      });
    }
    expect(new Set(activations.map((span) => span.spanContext().traceId)).size).toBe(3);

    const steps = sdk().spans.filter(
      ({ name, attributes }) => name.startsWith('step ') && attributes['messaging.destination.name'] === queue,
    );
    expect(steps.map(({ name, attributes }) => [name, attributes['stepstream.outcome']])).toEqual([
      ['step charge', 'finished'],
      ['step ship', 'parked'],
      ['step ship', 'finished'],
      ['step review', 'parked'],
      ['step review', 'finished'],
    ]);
    const [charge, ship, shipped, review, reviewed] = steps;
    const [first, second, third] = activations;
    expect([isPartOf(charge!, first!), isPartOf(ship!, first!)]).toEqual([true, true]);
    expect([isPartOf(shipped!, second!), isPartOf(review!, second!), isPartOf(reviewed!, third!)]).toEqual([
      true,
      true,
      true,
    ]);
    expect(charge!.attributes).toMatchObject({ 'stepstream.step.name': 'charge', 'stepstream.step.visit': 1 });

    const addedParcels = sdk().one(`add ${parcels}`);
    expect(isPartOf(addedParcels, ship!)).toBe(true);
    expect(addedParcels).toMatchObject({ kind: SpanKind.PRODUCER, attributes: { 'messaging.batch.message_count': 2 } });
    expect(sdk().named(`process ${parcels}`).map(linksOf)).toEqual([
      [addedParcels.spanContext().spanId],
      [addedParcels.spanContext().spanId],
    ]);
  });

  it("what a step's stream does is in the step's span, wherever it comes from: a subscription, an acknowledgement, a timer, a saved gate", async () => {
    const queue = fresh();
    const note = (name: string) => tap(() => inSpan(name, () => {}));
    const app = await started([
      processor(
        {
          work: () => {
            inSpan('in the method', () => {});
            return timer(1).pipe(
              note('behind a timer'),
              checkpoint(),
              note('behind an acknowledgement'),
              concatMap(() => from(Promise.resolve(1))),
              note('behind a promise'),
              concatMap(() => from([1, 2])),
              checkpointMap((item) => defer(() => of(inSpan(`item ${item}`, () => item)))),
              delay(5),
              note('behind a delay'),
              awaitChildren(() => []),
              note('behind no children'),
            );
          },
        },
        { queue, concurrency: 3 },
      ),
    ]);
    const jobs = await app.queue(queue).addBulk([1, 2, 3].map((data) => ({ name: 'order', data })));
    await Promise.all(jobs.map((job) => job.result()));
    await app.close();

    const steps = sdk().named('step work');
    const ofUser = sdk().spans.filter(({ name }) => /^(in|behind|item) /.test(name));
    const seen = ofUser.map((span) => {
      const step = steps.find((each) => isPartOf(span, each));
      return `${span.name}, of job ${String(step?.attributes['messaging.message.id'])}`;
    });
    const once = [
      'behind a timer',
      'behind an acknowledgement',
      'behind a promise',
      'item 1',
      'item 2',
      'behind no children',
    ];
    const expected = jobs.flatMap(({ id }) =>
      // the method runs once in each of the two activations; the values that pass a delay are two
      ['in the method', 'in the method', ...once, 'behind a delay', 'behind a delay'].map(
        (name) => `${name}, of job ${id}`,
      ),
    );
    expect(seen.toSorted()).toEqual(expected.toSorted());
  });

  it("a worker's function runs in the span of its activation, and what it adds is a part of that", async () => {
    const queue = fresh();
    const telemetry = openTelemetry();
    const orders = opened(new Queue(queue, { connection: connection(), telemetry }));
    const mails = opened(new Queue(`${queue}-mails`, { connection: connection(), telemetry }));
    const worker = opened(
      new Worker(
        queue,
        async () => {
          await nextTurn();
          inSpan('send', () => {});
          await mails.add('mail', {});
        },
        { connection: connection(), telemetry, autorun: false },
      ),
    );
    const job = await orders.add('order', {});
    const completed = new Promise((resolve) => void worker.once('completed', resolve));
    void worker.run();
    await completed;
    const activation = sdk().one(`process ${queue}`);
    expect(linksOf(activation)).toEqual([sdk().one(`add ${queue}`).spanContext().spanId]);
    expect(activation.attributes).toMatchObject({ 'messaging.message.id': job.id, 'stepstream.outcome': 'completed' });
    expect(isPartOf(sdk().one('send'), activation)).toBe(true);
    expect(isPartOf(sdk().one(`add ${queue}-mails`), activation)).toBe(true);
  });

  it('who listens to a worker is told of a job in the span of its activation, not in that of the job before', async () => {
    const queue = fresh();
    const options = { connection: connection(), telemetry: openTelemetry(), autorun: false };
    const orders = opened(new Queue(queue, { connection: connection() }));
    await orders.addBulk([1, 2, 3].map((data) => ({ name: 'order', data })));
    const worker = opened(new Worker(queue, async () => {}, options));
    const told: unknown[] = [];
    const note = (event: string, id: string): void => {
      inSpan(`${event} ${id}`, () => {});
      told.push(event);
    };
    const all = new Promise<void>((resolve) => {
      worker.on('active', (job) => note('active', job.id));
      worker.on('completed', (job) => {
        note('completed', job.id);
        if (told.length === 6) resolve();
      });
    });
    void worker.run();
    await all;
    for (const activation of sdk().named(`process ${queue}`)) {
      const id = String(activation.attributes['messaging.message.id']);
      const both = [sdk().one(`active ${id}`), sdk().one(`completed ${id}`)];
      expect(both.map((span) => isPartOf(span, activation))).toEqual([true, true]);
    }
    expect(sdk().named(`process ${queue}`)).toHaveLength(3);
  });

  it('a flow is added in one span', async () => {
    const queue = fresh();
    const flows = opened(new FlowProducer({ connection: connection(), telemetry: openTelemetry() }));
    const children = [{ name: 'parcel', queueName: `${queue}-parcels`, data: {} }];
    const { job } = await flows.add({ name: 'order', queueName: queue, data: {}, children });
    expect(sdk().one(`add ${queue}`).attributes).toMatchObject({ 'messaging.batch.message_count': 2 });
    expect(JSON.parse((await stored(queue, job.id))!)).toMatchObject({ traceparent: expect.any(String) });
  });

  it('an activation that fails says so by the class of the error, and by nothing that the error says', async () => {
    const queue = fresh();
    const app = await started([
      processor(
        {
          charge: [
            { attempts: 2 },
            () => {
              throw new TypeError('card 4242 declined');
            },
          ],
        },
        { queue },
      ),
    ]);
    const job = await app.queue(queue).add('order', {});
    await expect(job.result()).rejects.toThrow('declined');
    await app.close();
    const failed = [...sdk().named(`process ${queue}`), ...sdk().named('step charge')];
    expect(failed.map((span) => span.attributes['stepstream.outcome'])).toEqual([
      'retried',
      'failed',
      'failed',
      'failed',
    ]);
    for (const span of failed) {
      expect(span).toMatchObject({ status: { code: SpanStatusCode.ERROR }, events: [] });
      expect(span.attributes['error.type']).toBe('TypeError');
    }
    expect(dumpOf(sdk().spans)).not.toContain('4242');
  });

  it('with recordErrors it says what the error says', async () => {
    const queue = fresh();
    const throws = (): never => {
      throw new TypeError('card declined');
    };
    const app = await started([processor({ charge: throws }, { queue })], { recordErrors: true });
    const job = await app.queue(queue).add('order', {});
    await expect(job.result()).rejects.toThrow('declined');
    await app.close();
    expect(sdk().one(`process ${queue}`).events).toMatchObject([
      { name: 'exception', attributes: { 'exception.message': 'card declined' } },
    ]);
  });

  it('with recordErrors an error that cannot be read ends its span all the same', async () => {
    const queue = fresh();
    const throws = (): never => {
      throw Object.defineProperty(new TypeError('card declined'), 'stack', {
        get() {
          throw new Error('no stack');
        },
      });
    };
    const app = await started([processor({ charge: throws }, { queue })], { recordErrors: true });
    const job = await app.queue(queue).add('order', {});
    await expect(job.result()).rejects.toThrow('declined');
    await app.close();
    expect(sdk().one(`process ${queue}`).attributes['error.type']).toBe('TypeError');
  });

  it('adding that fails ends its span as an error', async () => {
    const queue = fresh();
    const app = await started([]);
    const parent = { id: 'nobody', queue: `bull:${queue}` };
    await expect(app.queue(queue).add('order', {}, { parent })).rejects.toThrow('nobody');
    expect(sdk().one(`add ${queue}`)).toMatchObject({
      status: { code: SpanStatusCode.ERROR },
      attributes: { 'error.type': 'JobNotFoundError' },
    });
  });

  it('with continueTrace the activation is a part of the trace that has added the job', async () => {
    const queue = fresh();
    const app = await started([processor({ only: () => of(1) }, { queue })], { continueTrace: true });
    await (await app.queue(queue).add('order', {})).result();
    await app.close();
    expect(isPartOf(sdk().one(`process ${queue}`), sdk().one(`add ${queue}`))).toBe(true);
  });

  it("the baggage of who has added a job is at hand in its steps; that of who has started the worker isn't", async () => {
    const queue = fresh();
    const found: unknown[] = [];
    const withBaggage = <T>(tenant: string, code: () => T): T =>
      context.with(
        propagation.setBaggage(context.active(), propagation.createBaggage({ tenant: { value: tenant } })),
        code,
      );
    const look = (job: StepJob) => {
      found.push([job.data, propagation.getActiveBaggage()?.getEntry('tenant')?.value]);
      return of(1);
    };
    const app = await withBaggage('starter', () => started([processor({ look }, { queue })]));
    const first = await withBaggage('acme', () => app.queue(queue).add('order', 'first'));
    await first.result();
    const second = await app.queue(queue).add('order', 'second');
    await second.result();
    expect(found).toEqual([
      ['first', 'acme'],
      ['second', undefined],
    ]);
  });

  async function stored(queue: string, id: string): Promise<string | undefined> {
    const reader = opened(new Queue(queue, { connection: connection() }));
    return (await reader.getJob(id))!.opts.telemetry?.metadata;
  }

  it('a job that brings a trace along keeps it, one that omits it has none, and one whose trace nobody can read is run', async () => {
    const queue = fresh();
    const app = await started([processor({ only: () => of(1) }, { queue })]);
    const traceparent = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    const options = [
      { telemetry: { metadata: JSON.stringify({ traceparent }) } },
      { telemetry: { omitContext: true } },
      { telemetry: { metadata: '{"traceparent":' } },
      ...['7', 'null', '[]', '{"traceparent":7}', '{"__proto__":7}'].map((metadata) => ({ telemetry: { metadata } })),
      { telemetry: { metadata: JSON.stringify({ traceparent, baggage: 'x'.repeat(16 * 1024) }) } },
    ];
    for (const opts of options) await (await app.queue(queue).add('order', {}, opts)).result();
    await app.close();
    expect(sdk().named(`process ${queue}`).map(linksOf)).toEqual([
      ['b7ad6b7169203331'],
      ...Array.from({ length: options.length - 1 }, () => []),
    ]);
  });

  it('without telemetry jobs take no trace along', async () => {
    const queue = fresh();
    const app = opened(createApp({ connection: connection() }));
    const job = await inSpan('request', () => app.queue(queue).add('order', {}));
    await expect(stored(queue, job.id)).resolves.toBeUndefined();
    expect(trace.getActiveSpan()).toBeUndefined();
  });
});

/** All that a span would tell an exporter. */
function dumpOf(spans: readonly ReadableSpan[]): string {
  return JSON.stringify(
    spans.map(({ name, attributes, events, links, status }) => ({ name, attributes, events, links, status })),
  );
}
