import { setImmediate as nextTurn } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { NEVER, of } from 'rxjs';
import {
  ConfigurationError,
  createApp,
  memoryEngine,
  type App,
  type AppHealth,
  type AppOptions,
  type Class,
} from 'stepstream';
import { ManualClock } from './support/manual-clock.js';
import { processor } from './support/processor.js';
import { freePort } from './support/redis-server.js';
import { SpyEngine } from './support/spy-engine.js';
import { useRedis } from './support/use-redis.js';

const apps: App[] = [];

function appOf(options: AppOptions): App {
  const app = createApp({ logger: { warn: () => {}, error: () => {} }, ...options });
  apps.push(app);
  return app;
}

afterEach(() => Promise.all(apps.splice(0).map((app) => app.close({ grace: 0 }))));

const orders = (): Class => processor({ step: () => NEVER }, { queue: 'orders', concurrency: 5 });

/** Asks until the health is as it is awaited: Redis, and its end, are noticed a moment later. */
async function healthWhen(app: App, isAwaited: (health: AppHealth) => boolean): Promise<AppHealth> {
  for (;;) {
    const health = await app.health();
    if (isAwaited(health)) return health;
    await nextTurn();
  }
}

const isUp = ({ status }: AppHealth): boolean => status === 'up';
const isDown = ({ status }: AppHealth): boolean => status === 'down';

describe('app.health(), whatever the engine', () => {
  it('tells of a started app that it is up, and what each worker does', async () => {
    const app = appOf({ processors: [orders(), processor({ step: () => of(1) }, { queue: 'mails' })] });
    await app.start();
    await app.queue('orders').addBulk([
      { name: 'order', data: 1 },
      { name: 'order', data: 2 },
    ]);
    await expect(healthWhen(app, ({ workers }) => workers[0]!.active === 2)).resolves.toEqual({
      status: 'up',
      problems: [],
      phase: 'started',
      store: { engine: 'memory', connections: [], status: 'up', latency: expect.any(Number) },
      workers: [
        { queue: 'orders', running: true, paused: false, connected: true, active: 2, concurrency: 5 },
        { queue: 'mails', running: true, paused: false, connected: true, active: 0, concurrency: 1 },
      ],
    });
  });

  it('an app that only adds jobs is up without a start', async () => {
    await expect(appOf({}).health()).resolves.toMatchObject({ status: 'up', phase: 'created', workers: [] });
  });

  it('one that is to run jobs is degraded until it is started', async () => {
    const app = appOf({ processors: [orders()] });
    await expect(app.health()).resolves.toMatchObject({
      status: 'degraded',
      phase: 'created',
      problems: ['the worker of queue orders takes no jobs: the app is not started'],
    });
    await app.start();
    await expect(app.health()).resolves.toMatchObject({ status: 'up', problems: [] });
  });

  it('a paused worker does what it was told to: the app is up', async () => {
    const Orders = orders();
    const app = appOf({ processors: [Orders] });
    await app.start();
    await app.worker(Orders).pause();
    await expect(app.health()).resolves.toMatchObject({ status: 'up', workers: [{ running: true, paused: true }] });
  });

  it('a worker that is closed by itself degrades the app', async () => {
    const Orders = orders();
    const app = appOf({ processors: [Orders] });
    await app.start();
    await app.worker(Orders).close();
    await expect(app.health()).resolves.toMatchObject({
      status: 'degraded',
      problems: ['the worker of queue orders takes no jobs: it is closed'],
    });
  });

  it('an app that drains, closes or is closed is down: it is to be given no traffic', async () => {
    const app = appOf({ processors: [orders()] });
    await app.start();
    const draining = app.drain({ grace: 0 });
    await expect(app.health()).resolves.toMatchObject({
      status: 'down',
      phase: 'closing',
      problems: ['the app is closing'],
    });
    await draining;
    await app.close();
    await app.drain();
    await expect(app.health()).resolves.toMatchObject({
      status: 'down',
      phase: 'closed',
      problems: ['the app is closed'],
    });
  });

  it('gives up at its timeout, by the clock of the engine, and asks a store that is silent once only', async () => {
    const clock = new ManualClock();
    const spy = new SpyEngine(memoryEngine({ clock }));
    const held = spy.hold(({ method }) => method === 'ping');
    const app = appOf({ connection: spy.engine });
    const first = clock.now();
    const asked = [app.health(), app.health({ timeout: '2 s' })];
    clock.advance(500);
    const down = {
      status: 'down',
      store: { status: 'down', error: 'no answer within 500 ms', since: first + 500 },
      problems: ["the store doesn't answer: no answer within 500 ms"],
    };
    await expect(asked[0]).resolves.toMatchObject(down);
    clock.advance(1_000);
    held.release();
    await expect(asked[1]).resolves.toMatchObject({ status: 'up', store: { latency: 1_500 } });
    expect(spy.of('ping')).toHaveLength(1);
    expect(clock.pending).toBe(0);
  });

  it('refuses wrong options', async () => {
    const wrong = { timeout: 'soon', retries: 2 };
    await expect(appOf({}).health(wrong)).rejects.toThrow(ConfigurationError);
    await expect(appOf({}).health(wrong)).rejects.toThrow(/timeout must be .*\n.*there is no option "retries"/);
  });
});

describe('app.health() on Redis', () => {
  const server = useRedis(['--requirepass', 'secret']);
  const url = (): string => server().url.replace('//', '//:secret@');

  it('tells which server it is, and each connection by its name in CLIENT LIST', async () => {
    const app = appOf({ connection: url(), processors: [orders()] });
    await app.start();
    const { store, workers } = await healthWhen(app, isUp);
    expect(workers).toMatchObject([{ queue: 'orders', running: true, connected: true }]);
    expect(store).toMatchObject({
      engine: 'redis',
      status: 'up',
      server: expect.stringMatching(/^Redis \d+\.\d+\.\d+$/),
    });
    expect(store.connections).toMatchObject([
      { name: 'stepstream', use: 'calls', up: true, since: expect.any(Number) },
      { use: 'queue', queue: 'orders', up: true, since: expect.any(Number) },
    ]);
    const admin = new Redis(url());
    const clients = String(await admin.client('LIST'));
    admin.disconnect();
    for (const { name } of store.connections) expect(clients).toContain(` name=${name} `);
  });

  it('is down while Redis is away, tells since when and why, and is up when it is back', async () => {
    const app = appOf({ connection: url(), processors: [orders()] });
    await app.start();
    const before = await healthWhen(app, isUp);
    await server().kill('SIGKILL');
    const away = await healthWhen(app, isDown);
    expect(away.problems).toEqual([`the store doesn't answer: ${away.store.error}`]);
    expect(away.store.error).toContain(`Redis at 127.0.0.1:${server().port} can't be reached`);
    expect(away.store.since).toBeGreaterThanOrEqual(Math.floor(before.store.connections[0]!.since));
    expect(away.store.since).toBeLessThanOrEqual(app.engine.clock.now());
    expect(JSON.stringify(away)).not.toContain('secret');
    await expect(app.health()).resolves.toMatchObject({ status: 'down', store: { since: away.store.since } });
    await server().restart();
    const back = await healthWhen(app, isUp);
    expect(back.store).not.toHaveProperty('since');
    expect(back.store.connections).toMatchObject([{ up: true }, { up: true }]);
  });

  it('does not hang with a Redis that stands still, nor with one that never was there', async () => {
    const app = appOf({ connection: url() });
    await healthWhen(app, isUp);
    await server().kill('SIGSTOP');
    await expect(app.health({ timeout: 20 })).resolves.toMatchObject({
      status: 'down',
      store: { error: 'no answer within 20 ms' },
    });
    await server().kill('SIGCONT');
    await healthWhen(app, isUp);
    const nowhere = appOf({ connection: `redis://127.0.0.1:${await freePort()}` });
    await expect(nowhere.health({ timeout: 20 })).resolves.toMatchObject({ status: 'down' });
  });

  it('is down with a password that Redis does not know, and says so', async () => {
    const app = appOf({ connection: server().url.replace('//', '//:wrong@') });
    const { store, problems } = await app.health({ timeout: '10 s' });
    expect(store).toMatchObject({
      status: 'down',
      error: expect.stringContaining("doesn't know this user and password"),
    });
    expect(problems).toHaveLength(1);
  });

  it('is degraded when a worker does not hear of jobs, though the store answers', async () => {
    const admin = new Redis(url());
    await admin.hset('bull:old:meta', 'version', 'bullmq:5.1.0');
    admin.disconnect();
    const app = appOf({ connection: url(), processors: [processor({ step: () => of(1) }, { queue: 'old' })] });
    await app.start();
    await expect(healthWhen(app, ({ store }) => store.status === 'up')).resolves.toMatchObject({
      status: 'degraded',
      problems: ['the worker of queue old hears of no jobs: it is not connected yet'],
      workers: [{ connected: false }],
    });
  });
});
