import { Worker as BullWorker } from 'bullmq';
import { Redis } from 'ioredis';
import { createApp, systemClock, type App, type Engine } from 'stepstream';
import type { Check } from '../../src/cli/doctor/check.js';
import { serverChecks } from '../../src/cli/doctor/server-checks.js';
import { makeDocumentedUser } from '../engine/redis/documented-user.js';
import { freePort } from '../support/redis-server.js';
import { useRedis } from '../support/use-redis.js';
import { Orders } from './orders.js';
import { cli } from './run-cli.js';

jest.setTimeout(30_000);

const server = useRedis(['--appendonly', 'yes']);
let admin: Redis;

beforeAll(() => {
  admin = new Redis(server().url);
});

afterEach(() => admin.flushall());
afterAll(() => admin.disconnect());

interface Diagnosis {
  readonly code: number;
  readonly checks: readonly Check[];
}

async function diagnosis(url = server().url, ...more: readonly string[]): Promise<Diagnosis> {
  const { code, out } = await cli(['doctor', '--redis', url, '--json', ...more]);
  return { code, ...JSON.parse(out) };
}

/** What is to be mended, by id. */
async function findings(url?: string, ...more: readonly string[]): Promise<Readonly<Record<string, string>>> {
  const { code, checks } = await diagnosis(url, ...more);
  const found = checks.filter(({ level }) => level === 'problem' || level === 'warning');
  expect(found.filter(({ why, fix }) => !why || !fix)).toEqual([]);
  expect(code).toBe(found.some(({ level }) => level === 'problem') ? 1 : 0);
  return Object.fromEntries(found.map(({ id, level, found: text }) => [id, `${level}: ${text}`]));
}

describe('stepstream doctor of Redis', () => {
  it('has nothing to complain of where Redis is set up as docs/redis.md says', async () => {
    const { code, checks } = await diagnosis();
    expect(code).toBe(0);
    expect(checks.filter(({ level }) => level === 'ok').map(({ id, found }) => [id, found])).toEqual([
      ['node', expect.stringMatching(/^Node \d+/)],
      ['redis', expect.stringMatching(/^Redis \d+\.\d+\.\d+ answers in \d+\.\d ms$/)],
      ['redis-eviction', 'maxmemory-policy is noeviction'],
      ['redis-persistence', 'appendonly is yes'],
      ['redis-clock', expect.stringMatching(/^Redis' clock is \d+ ms (behind|ahead of) this machine's$/)],
      ['queues', 'there are no jobs under this prefix'],
    ]);
  });

  it('a policy that drops keys is a warning, and with a limit of memory a problem', async () => {
    await admin.config('SET', 'maxmemory-policy', 'allkeys-lru');
    await expect(findings()).resolves.toEqual({
      'redis-eviction': 'warning: maxmemory-policy is allkeys-lru, though there is no maxmemory yet',
    });
    await admin.config('SET', 'maxmemory', '1gb');
    await expect(findings()).resolves.toEqual({ 'redis-eviction': 'problem: maxmemory-policy is allkeys-lru' });
    await admin.config('SET', 'maxmemory-policy', 'noeviction', 'maxmemory', '1mb');
    await expect(findings()).resolves.toEqual({
      'redis-memory': expect.stringMatching(/^warning: \d+ % of maxmemory/),
    });
    await admin.config('SET', 'maxmemory', 0);
  });

  it('no log of what was written is a warning', async () => {
    await admin.config('SET', 'appendonly', 'no');
    await expect(findings()).resolves.toEqual({ 'redis-persistence': 'warning: appendonly is no' });
    await admin.config('SET', 'appendonly', 'yes');
  });

  it("a clock that is not this machine's is a warning; so is a Redis that is far away, and one that can not save a problem", async () => {
    const now = systemClock.now();
    const info = [
      `server_time_usec:${Math.round((now - 5_000) * 1_000)}`,
      'maxmemory_policy:noeviction',
      'rdb_last_bgsave_status:err',
    ];
    const engine = { ping() {}, status: () => ({ server: 'Redis 7.0.0' }), info: () => info.join('\r\n') };
    const checks = await serverChecks(engine as unknown as Engine);
    expect(checks.find(({ id }) => id === 'redis-clock')).toMatchObject({
      level: 'warning',
      found: expect.stringMatching(/^Redis' clock is 5\d{3} ms behind this machine's$/),
    });
    expect(checks.find(({ id }) => id === 'redis-saving')).toMatchObject({ level: 'problem' });
  });

  it('tells of queues with jobs and without workers, of paused ones, and of an old layout', async () => {
    const app: App = createApp({ connection: server().url });
    await app.queue('mails').add('mail', 1);
    await app.queue('paused').add('mail', 1);
    await app.queue('paused').pause();
    await app.close();
    await admin.hset('bull:old:meta', 'version', 'bullmq:5.4.1');
    await admin.lpush('bull:gone:active', '1');
    await admin.hset('bull:gone:meta', 'opts.maxLenEvents', '10000');
    const { checks } = await diagnosis();
    expect(
      checks.filter(({ id }) => id.startsWith('queue')).map(({ id, level, found }) => `${id} ${level}: ${found}`),
    ).toEqual([
      'queues ok: 4 queues have jobs: gone, mails, old, paused',
      'queue-stalled warning: queue gone: 1 active, and no worker is connected',
      'queue-without-workers warning: queue mails: 1 ready and 0 delayed, and no worker is connected',
      'queue-layout problem: queue old is laid out as bullmq:5.4.1 did',
      'queue-without-workers warning: queue paused: 1 ready and 0 delayed, and no worker is connected',
      'queue-paused warning: queue paused is paused, with 1 ready',
    ]);
  });

  it("tells of a queue on which BullMQ's workers work beside ours", async () => {
    const app = createApp({
      connection: server().url,
      processors: [Orders],
      logger: { warn: () => {}, error: () => {} },
    });
    await app.start();
    await app.queue('orders').add('order', {}, { delay: 1e6 });
    const other = new BullWorker('orders', async () => {}, { connection: { url: server().url } });
    await other.waitUntilReady();
    while ((await app.queue('orders').getWorkersCount()) < 2);
    await expect(findings()).resolves.toEqual({
      'queue-shared': "problem: queue orders has workers of BullMQ beside Stepstream's",
    });
    await other.close();
    await app.close();
  });

  it('tells of what its user may not do', async () => {
    const url = await makeDocumentedUser(admin, server(), 'bull', '-scan', '-client|list');
    const { code, checks } = await diagnosis(url);
    expect(code).toBe(1);
    const found = checks.filter(({ level }) => level === 'problem');
    expect(found.map(({ id }) => id)).toEqual(['redis-permissions', 'queues']);
    for (const { found: text } of found) expect(text).toContain('forbids the user something');
  });

  it('tells of a Redis that can not be reached, and never the password of its URL', async () => {
    const port = await freePort();
    const printed = await cli(['doctor', '--redis', `redis://me:s3cret@127.0.0.1:${port}`]);
    expect(printed.code).toBe(1);
    expect(printed.out).toContain(`✗ given up after 5000 ms: Redis at 127.0.0.1:${port} can't be reached`);
    expect(JSON.stringify(printed)).not.toContain('s3cret');
  });
});
