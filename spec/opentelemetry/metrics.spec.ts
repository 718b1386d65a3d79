import { DataPointType } from '@opentelemetry/sdk-metrics';
import { NEVER, of, throwError } from 'rxjs';
import { awaitChildren, createApp, delay, Queue, Worker, type Class } from 'stepstream';
import { openTelemetry } from 'stepstream/opentelemetry';
import { useOpenTelemetry } from '../support/open-telemetry.js';
import { processor } from '../support/processor.js';
import { useRedis } from '../support/use-redis.js';
import { start, type Machine, type World } from '../support/world.js';

const ofQueue = (queue: string): object => ({
  'messaging.system.name': 'stepstream',
  'messaging.destination.name': queue,
});
const operation = (name: string, type: string, queue: string): object => ({
  ...ofQueue(queue),
  'messaging.operation.name': name,
  'messaging.operation.type': type,
});

describe('metrics', () => {
  const sdk = useOpenTelemetry();

  const telemetry = (): ReturnType<typeof openTelemetry> => openTelemetry({ meterProvider: sdk().meterProvider });

  /** A world whose clock stands, with one machine that is measured; its jobs are added by it, too. */
  async function measured(...processors: readonly Class[]): Promise<World & Machine> {
    return start(processors, { telemetry: telemetry() });
  }

  /** Sums of a histogram's values in seconds, by the attributes beside the queue's. */
  async function sums(figure: string, ...by: readonly string[]): Promise<Record<string, number>> {
    const data = (await sdk().collect()).find(({ descriptor }) => descriptor.name === figure);
    if (data?.dataPointType !== DataPointType.HISTOGRAM) return {};
    return Object.fromEntries(
      data.dataPoints.map(({ attributes, value }) => [by.map((name) => attributes[name]).join(' '), value.sum ?? 0]),
    );
  }

  it('count what is added, taken and let go, by outcome: completions, failures, retries and parks', async () => {
    const world = await measured(
      processor(
        {
          charge: [
            { attempts: 2 },
            (job) => (job.data === 'bad' || job.attemptsMade === 0 ? throwError(() => new Error('no')) : of(1)),
          ],
          ship: () => of(1).pipe(awaitChildren(() => ({ queue: 'parcels', name: 'ship' }))),
          review: () => of(1).pipe(delay('3 days')),
        },
        { queue: 'orders' },
      ),
      processor({ ship: () => of(1) }, { queue: 'parcels' }),
    );
    const good = await world.app.queue('orders').add('order', 'good');
    const bad = await world.app.queue('orders').add('order', 'bad');
    await world.until(Promise.allSettled([good.result(), bad.result()]));
    const figures = await sdk().figures();
    expect(figures['messaging.client.sent.messages']).toEqual([
      [operation('add', 'send', 'orders'), 2],
      [operation('add', 'send', 'parcels'), 1],
    ]);
    expect(figures['messaging.client.operation.duration']).toEqual(figures['messaging.client.sent.messages']);
    expect(figures['messaging.client.consumed.messages']).toEqual([
      [operation('process', 'process', 'orders'), 6],
      [operation('process', 'process', 'parcels'), 1],
    ]);
    const outcomes = [
      [{ ...ofQueue('orders'), 'stepstream.outcome': 'retried' }, 2],
      [{ ...ofQueue('orders'), 'stepstream.outcome': 'waiting-children' }, 1],
      [{ ...ofQueue('orders'), 'stepstream.outcome': 'delayed' }, 1],
      [{ ...ofQueue('orders'), 'stepstream.outcome': 'completed' }, 1],
      [{ ...ofQueue('orders'), 'stepstream.outcome': 'failed' }, 1],
      [{ ...ofQueue('parcels'), 'stepstream.outcome': 'completed' }, 1],
    ];
    const counted = figures['stepstream.activations']!;
    expect(counted).toHaveLength(outcomes.length);
    expect(counted).toEqual(expect.arrayContaining(outcomes));
    expect(figures['messaging.process.duration']).toContainEqual([
      { ...operation('process', 'process', 'orders'), 'stepstream.outcome': 'retried', 'error.type': 'Error' },
      2,
    ]);
    expect(figures['stepstream.step.duration']).toContainEqual([
      { ...ofQueue('orders'), 'stepstream.step.name': 'ship', 'stepstream.outcome': 'parked' },
      1,
    ]);
    await world.app.close();
  });

  it('measure activations and steps in seconds of the clock, without the time that a job sleeps', async () => {
    const world = await measured(
      processor({
        first: () => world.timer(2_000),
        second: () => world.timer(3_000).pipe(delay('1 day')),
      }),
    );
    const job = await world.add();
    await world.until(job.result());
    expect(await sums('stepstream.step.duration', 'stepstream.step.name', 'stepstream.outcome')).toEqual({
      'first finished': 2,
      'second parked': 3,
      'second finished': 0,
    });
    expect(await sums('messaging.process.duration', 'stepstream.outcome')).toEqual({ delayed: 5, completed: 0 });
    await world.app.close();
  });

  it('tell how late a job was taken: after it was added, after it was due, after its gate was due', async () => {
    const world = await measured(
      processor({ first: () => world.timer(10_000), second: () => of(1).pipe(delay(5_000)) }, { queue: 'work' }),
    );
    const late = async (): Promise<number | undefined> => (await sums('stepstream.job.lateness', ''))[''];
    await world.add();
    await world.add(undefined, { delay: 4_000 }); // taken at 10 s, as the first one goes to sleep: 6 s late
    await world.pass(10_000);
    expect(await late()).toBe(6);
    await world.pass(10_000); // the first is due at 15 s, and taken at 20 s, as the second one goes to sleep
    expect(await late()).toBe(11);
    await world.app.close();
  });

  it('count the jobs of dead workers that were taken over', async () => {
    const world = await start([processor({ only: () => NEVER })]);
    await world.add();
    await world.settle();
    world.spy.dead = true;
    const other = await world.machine([processor({ only: () => of(1) })], { telemetry: telemetry() });
    await world.pass(30_000);
    const figures = await sdk().figures();
    expect(figures['stepstream.takeovers']).toEqual([[{ ...ofQueue('work'), 'stepstream.job.state': 'waiting' }, 1]]);
    await other.app.close();
  });

  it('count a lost lease', async () => {
    const world = await measured(processor({ only: () => NEVER }));
    const job = await world.client.queue('work').add('job', 1);
    await world.settle();
    await job.cancel('not wanted');
    await world.pass(10_000);
    const figures = await sdk().figures();
    expect(figures['stepstream.activations']).toEqual([[{ ...ofQueue('work'), 'stepstream.outcome': 'lost' }, 1]]);
    await world.app.close();
  });

  describe('that are asked for', () => {
    const server = useRedis();

    it('show the jobs of each queue by state, and what all workers have to do, whether they share a telemetry or not', async () => {
      const connection = server().url;
      const shared = telemetry();
      const queue = new Queue('work', { connection, telemetry: shared });
      const forever = async (): Promise<never> => new Promise(() => {});
      const workers = [
        new Worker('work', forever, { connection, telemetry: shared, concurrency: 1 }),
        new Worker('work', forever, { connection, telemetry: telemetry(), concurrency: 2 }),
      ];
      await queue.addBulk([1, 2, 3, 4, 5].map((data) => ({ name: 'run', data })));
      await queue.add('run', 6, { delay: 60_000 });
      while (workers.reduce((active, worker) => active + worker.activeCount, 0) < 3) await queue.count();
      const figures = await sdk().figures();
      expect(figures['stepstream.queue.jobs']).toHaveLength(7);
      expect(figures['stepstream.queue.jobs']).toEqual(
        expect.arrayContaining([
          [{ ...ofQueue('work'), 'stepstream.job.state': 'active' }, 3],
          [{ ...ofQueue('work'), 'stepstream.job.state': 'waiting' }, 2],
          [{ ...ofQueue('work'), 'stepstream.job.state': 'delayed' }, 1],
        ]),
      );
      expect(figures['stepstream.worker.jobs']).toEqual([[ofQueue('work'), 3]]);
      expect(figures['stepstream.worker.concurrency']).toEqual([[ofQueue('work'), 3]]);
      await Promise.all([...workers.map((worker) => worker.close(true)), queue.close()]);
      const { 'stepstream.worker.concurrency': slots } = await sdk().figures();
      expect(slots).toEqual([[ofQueue('work'), 0]]);
    });
  });

  const fails = (): never => {
    throw new Error('of mine');
  };

  it.each([
    ['', fails],
    [', and so do its spans', () => ({ metadata: undefined, run: fails, end: fails })],
  ])('a telemetry that throws disturbs no job, and is told of once%s', async (_what, startsSpan) => {
    const warnings: string[] = [];
    const world = await start([processor({ only: () => of('done') })], {
      telemetry: {
        tracing: { start: startsSpan, detached: fails },
        metrics: { count: fails, record: fails, observe: fails },
      },
      logger: { warn: (message) => void warnings.push(message), error: fails },
    });
    const job = await world.app.queue('work').add('run', {});
    await expect(world.until(job.result())).resolves.toBe('done');
    expect(warnings).toEqual(['the telemetry has thrown, and jobs go on without it: of mine']);
    await world.app.close();
  });

  it('an option that is no telemetry is refused, and so are two that make spans', () => {
    const made = (options: object) => () => createApp(options);
    const own = openTelemetry();
    for (const wrong of [5, null, {}, 'otel', [own, own], [{}], { tracing: {} }, { metrics: { count() {} } }]) {
      expect(made({ telemetry: wrong })).toThrow('telemetry must be openTelemetry(), prometheus()');
    }
    expect(() => openTelemetry({ tracer: 1, recordErrors: 'yes' } as object)).toThrow(
      'there is no option "tracer"; there are tracerProvider, meterProvider, propagator, continueTrace, recordErrors',
    );
  });
});
