import { Redis } from 'ioredis';
import { systemClock } from 'stepstream';
import { Link } from '../../../src/engine/redis/link.js';
import { startRedis, startSentinel, type TestRedis } from '../../support/redis-server.js';

describe('a master that sentinels know', () => {
  let master: TestRedis;
  let replica: TestRedis;
  let sentinel: TestRedis;
  let asked: Redis;

  beforeAll(async () => {
    master = await startRedis(['--repl-diskless-sync-delay', '0']);
    replica = await startRedis(['--replicaof', '127.0.0.1', String(master.port)]);
    const copied = new Redis(replica.url);
    while (!(await copied.info('replication')).includes('master_link_status:up'));
    copied.disconnect();
    sentinel = await startSentinel('orders', master);
    asked = new Redis(sentinel.url);
    await asked.call('SENTINEL', 'DEBUG', 'info-period', 100, 'ping-period', 100, 'publish-period', 100); // else 10 s pass
    while (!((await asked.call('SENTINEL', 'REPLICAS', 'orders')) as unknown[]).length);
  }, 20_000);

  afterAll(async () => {
    asked.disconnect();
    await Promise.all([master, replica, sentinel].map((server) => server.stop()));
  });

  it('is found, and so is the next one when it was replaced', async () => {
    const connection = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'orders' };
    const link = new Link({ connection, prefix: 'bull', clock: systemClock, warn: () => {}, timeout: 30_000 });
    const dedicated = link.dedicated('blocks');
    const portOf = async (): Promise<unknown> => ((await link.send('CONFIG', ['GET', 'port'])) as string[])[1];
    await expect(portOf()).resolves.toBe(String(master.port));
    const wait = dedicated.block('BLPOP', ['list', 30]);
    const lost = wait.catch((error: unknown) => error);

    // refused as long as the sentinel hasn't heard of the replica for itself
    while ((await asked.call('SENTINEL', 'FAILOVER', 'orders').catch(() => '')) !== 'OK');
    expect(await lost).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    await link.send('SET', ['key', 'value']); // refused by the old master, now a replica, until the new one is found
    await expect(portOf()).resolves.toBe(String(replica.port));
    const next = dedicated.block('BLPOP', ['list', 30]);
    await link.send('RPUSH', ['list', 'item']);
    await expect(next).resolves.toEqual(['list', 'item']);
    await link.close();
    expect(link.held).toBe(0);
  }, 30_000);

  it('a name that sentinels do not know is told', async () => {
    const connection = { sentinels: [{ host: '127.0.0.1', port: sentinel.port }], name: 'parcels' };
    const link = new Link({ connection, prefix: 'bull', clock: systemClock, warn: () => {}, timeout: 500 });
    const starting = link.start();
    await expect(starting).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'CONNECTION' });
    await expect(starting).rejects.toThrow("the Redis that sentinels know as 'parcels' can't be reached");
    await link.close();
    expect(link.held).toBe(0);
  });
});
