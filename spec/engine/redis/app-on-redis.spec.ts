import { Redis } from 'ioredis';
import { concat, defer, filter, firstValueFrom, from, map, of } from 'rxjs';
import { createApp, StoreUnavailableError, type App, type AppOptions, type Class } from 'stepstream';
import type { JobRecord } from '../../../src/engine/records.js';
import { processor } from '../../support/processor.js';
import { startProxy, type RedisProxy } from '../../support/redis-proxy.js';
import { useRedis } from '../../support/use-redis.js';

const server = useRedis();
let admin: Redis;
let proxy: RedisProxy;
const apps: App[] = [];
const logged: string[] = [];

function appOn(connection: AppOptions['connection'], ...processors: readonly Class[]): App {
  const note = (message: string): void => void logged.push(message);
  const app = createApp({ connection, processors, logger: { warn: note, error: note } });
  apps.push(app);
  return app;
}

const closeAll = (): Promise<unknown> => Promise.all(apps.splice(0).map((app) => app.close()));

beforeAll(async () => {
  admin = new Redis(server().url);
  proxy = await startProxy(server().port);
});

afterEach(async () => {
  proxy.let('all');
  await closeAll();
  await admin.flushall();
  logged.length = 0;
});

afterAll(async () => {
  admin.disconnect();
  await proxy.close();
});

// --- connections ---

/** The names of all connections but the test's own; what differs from one process to the next left out. */
async function connections(): Promise<readonly string[]> {
  const list = String(await admin.client('LIST'));
  const others = list.split('\n').filter((line) => line !== '' && !line.includes('cmd=client|list'));
  return others.map((line) => /\bname=(\S*)/.exec(line)![1]!.replace(/[-:][\w-]{8}$/, '')).sort();
}

/** Waits until these are the connections: Redis learns of an end later than who ends it. */
async function expectConnected(...names: readonly string[]): Promise<void> {
  while (String(await connections()) !== String(names.toSorted()));
}

const calls = 'stepstream';
const events = 'bull:stepstream:events';
const worker = (queue: string): string => `bull:${Buffer.from(queue).toString('base64')}:w:stepstream`;

const noop = (queue: string): Class => processor({ step: () => of('done') }, { queue });

describe('connections', () => {
  it('an app that only adds has one, from its first call on', async () => {
    const app = appOn(server().url);
    await expectConnected();
    await app.queue('orders').add('order', 1);
    await app.queue('parcels').add('parcel', 1);
    await expectConnected(calls);
  });

  it('an app has one more for each queue that it works on, and one while somebody listens', async () => {
    const app = appOn(server().url, noop('orders'), noop('parcels'));
    const jobs = await Promise.all([
      app.queue('orders').add('order', 1, { delay: 1e6 }),
      app.queue('parcels').add('parcel', 1, { delay: 1e6 }),
    ]);
    await app.start();
    await expectConnected(calls, worker('orders'), worker('parcels'));
    const listening = jobs.map((job) => job.events$.subscribe());
    await expectConnected(calls, worker('orders'), worker('parcels'), events);
    for (const each of listening) each.unsubscribe();
    await expectConnected(calls, worker('orders'), worker('parcels'));
  });

  it('I11: a closed app leaves none', async () => {
    const app = appOn(server().url, noop('orders'), noop('parcels'));
    await app.start();
    const job = await app.queue('orders').add('order', 1);
    const waiting = await app.queue('parcels').add('parcel', 1, { delay: 1e6 });
    waiting.progress$.subscribe();
    await expect(job.result()).resolves.toBe('done');
    await expectConnected(calls, worker('orders'), worker('parcels'), events);
    await app.close();
    await expectConnected();
  });

  it('an instance of ioredis is duplicated, and left open', async () => {
    const own = new Redis(server().url, { connectionName: 'own' });
    const app = appOn(own, noop('orders'));
    await app.start();
    const job = await app.queue('orders').add('order', 1);
    await expect(job.result()).resolves.toBe('done');
    await app.close();
    await expectConnected('own');
    await expect(own.ping()).resolves.toBe('PONG');
    own.disconnect();
  });
});

// --- Redis is away ---

describe('add()', () => {
  it('R10: is rejected after 5 s when Redis is away, was it there before or not; and the job never comes', async () => {
    const [left, alone] = [appOn(server().url), appOn(server().url)];
    await left.queue('orders').add('order', 'before');
    await server().kill('SIGKILL');
    const away = `given up after 5000 ms: Redis at 127.0.0.1:${server().port} can't be reached`;
    await Promise.all(
      [left, alone].map(async (app) => {
        const added = app.queue('orders').add('order', 'lost', { jobId: 'lost' });
        await expect(added).rejects.toThrow(StoreUnavailableError);
        await expect(added).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'CONNECTION' });
        await expect(added).rejects.toThrow(away);
      }),
    );
    await server().restart();
    for (const app of [left, alone]) {
      await app.queue('orders').add('order', 'after');
      await expect(app.queue('orders').getJob('lost')).resolves.toBeUndefined();
    }
  }, 20_000);
});

// --- Redis refuses while a job runs ---

interface Fault {
  /** Begins, when the job is about to write. */
  begin(): Promise<unknown>;
  /** Resolves when a write has met it. */
  met(): Promise<unknown>;
  end(): Promise<unknown>;
}

/** Redis refuses a write with this error word. */
async function refused(word: string): Promise<void> {
  while (!(await admin.info('errorstats')).includes(`errorstat_${word}:`));
}

const faults: readonly (readonly [name: string, Fault])[] = [
  [
    'Redis is a replica for a while',
    {
      begin: () => admin.replicaof('127.0.0.1', 1),
      met: () => refused('READONLY'),
      end: () => admin.replicaof('NO', 'ONE'),
    },
  ],
  [
    'Redis misses its replicas for a while',
    {
      begin: () => admin.config('SET', 'min-replicas-to-write', 1),
      met: () => refused('NOREPLICAS'),
      end: () => admin.config('SET', 'min-replicas-to-write', 0),
    },
  ],
  [
    'the answer is lost with the connection',
    {
      begin: async () => proxy.let('no replies'),
      met: () => proxy.swallowed(),
      end: async () => {
        proxy.let('all');
        proxy.cut();
      },
    },
  ],
  [
    'the write is lost with the connection',
    {
      begin: async () => proxy.let('nothing'),
      met: () => proxy.swallowed(),
      end: async () => {
        proxy.let('all');
        proxy.cut();
      },
    },
  ],
];

/** Three steps, of which the second waits for a sign; what runs is counted. */
function threeSteps() {
  const runs: Record<string, number> = { charge: 0, pack: 0, ship: 0 };
  const counted = (name: string): number => (runs[name]! += 1);
  let goOn = (): void => {};
  const sign = new Promise<void>((resolve) => (goOn = resolve));
  const Orders = processor(
    {
      charge: () => of(`charged ${counted('charge')}`),
      pack: () =>
        defer(() => {
          counted('pack');
          return concat(of('packing'), from(sign).pipe(map(() => 'packed')));
        }),
      ship: (_job, packed) => of(`${packed} and shipped ${counted('ship')}`),
    },
    { queue: 'orders' },
  );
  return { Orders, runs, goOn };
}

describe('a job', () => {
  beforeEach(() => admin.config('RESETSTAT'));

  /** Runs a job up to where its second step waits, and has saved that it does. */
  async function waitingJob(connection: string) {
    const { Orders, ...more } = threeSteps();
    const [client, app] = [appOn(server().url), appOn(connection, Orders)];
    const job = await client.queue('orders').add('order', 1);
    const saved = firstValueFrom(job.progress$.pipe(filter(({ emission }) => emission === 'packing')));
    await app.start();
    await saved;
    const record = (): JobRecord | Promise<JobRecord> => client.engine.get('orders', job.id) as JobRecord;
    return { job, record, client, ...more };
  }

  it.each(faults)('I12: goes on when %s: no attempt is counted, and no step runs twice', async (_, fault) => {
    const { job, record, runs, goOn } = await waitingJob(proxy.url);
    await fault.begin();
    const met = fault.met();
    goOn();
    await met;
    await fault.end();
    await expect(job.result()).resolves.toBe('packed and shipped 1');
    expect(runs).toEqual({ charge: 1, pack: 1, ship: 1 });
    expect(await record()).toMatchObject({ attemptsMade: 1, attemptsStarted: 1, stalledCounter: 0 });
  });

  it('I12: goes on to its end while Redis has no memory left; what is added waits until there is some', async () => {
    const { job, client, runs, goOn } = await waitingJob(server().url);
    await admin.config('SET', 'maxmemory', 1);
    const added = client.queue('orders').add('order', 2, { jobId: 'added' });
    await refused('OOM');
    goOn();
    await expect(job.result()).resolves.toBe('packed and shipped 1');
    expect(runs).toEqual({ charge: 1, pack: 1, ship: 1 });
    await expect(client.queue('orders').getJob('added')).resolves.toBeUndefined();
    await admin.config('SET', 'maxmemory', 0);
    await expect(added).resolves.toMatchObject({ id: 'added' });
  });
});
