import { inspect } from 'node:util';
import { Cluster, Redis } from 'ioredis';
import { systemClock, UnsupportedStoreError } from 'stepstream';
import { isRedisConnection, openerOf, type RedisConnection } from '../../../src/engine/redis/connection.js';
import { Link } from '../../../src/engine/redis/link.js';
import { startRedis, type TestRedis } from '../../support/redis-server.js';

describe('connections', () => {
  let redis: TestRedis;
  let admin: Redis;
  const links: Link[] = [];

  function linkOf(connection: RedisConnection): Link {
    const link = new Link({ connection, prefix: 'bull', clock: systemClock, warn: () => {}, timeout: 500 });
    links.push(link);
    return link;
  }

  beforeAll(async () => {
    redis = await startRedis();
    admin = new Redis(redis.url);
  });

  afterEach(async () => {
    await Promise.all(links.splice(0).map((link) => link.close()));
  });

  afterAll(async () => {
    admin.disconnect();
    await redis.stop();
  });

  const lazy = { lazyConnect: true };

  it.each<readonly [string, boolean, unknown]>([
    ['a URL', true, 'redis://localhost'],
    ['a URL with TLS, user and database', true, 'rediss://user:password@localhost:6380/2'],
    ['options', true, { host: 'localhost', tls: {} }],
    ['no options', true, {}],
    ['options for Sentinel', true, { sentinels: [{ host: 'localhost' }], name: 'master' }],
    ['nodes of a cluster', true, { cluster: [{ host: 'localhost', port: 7_000 }] }],
    ['an instance', true, new Redis(lazy)],
    ['an instance of a cluster', true, new Cluster([], lazy)],
    ['options without a prototype', true, Object.assign(Object.create(null), { port: 1 })],
    ['another URL', false, 'http://localhost'],
    ['a host', false, 'localhost'],
    ['a URL that is none', false, 'redis://:not a port'],
    ['a URL whose database is no number', false, 'redis://localhost/orders'],
    ['a socket as a URL', false, 'redis:///var/run/redis.sock'],
    ['a cluster of no node', false, { cluster: [] }],
    ['a list', false, [{ host: 'localhost' }]],
    ['an instance of something else', false, new Map()],
    ['a function', false, () => 'redis://localhost'],
    ['nothing', false, undefined],
    ['null', false, null],
    ['a number', false, 6_379],
  ])('%s is told to be a connection: %p', (_, is, value) => {
    expect(isRedisConnection(value)).toBe(is);
  });

  it.each<readonly [string, RedisConnection]>([
    ['URL', 'redis://user:secret@host:1234/3?enableOfflineQueue=true&commandTimeout=7&enableReadyCheck=true'],
    ['options', { host: 'host', port: 1234, username: 'user', password: 'secret', db: 3, enableOfflineQueue: true }],
    ['an instance', new Redis('redis://user:secret@host:1234/3', { ...lazy, commandTimeout: 7, readOnly: true })],
  ])('%s: what it says is kept, but for what would repeat or keep back commands', async (_, connection) => {
    const { where, open } = await openerOf(connection, 'bull');
    expect(where).toBe('Redis at host:1234');
    const { options, status } = open('name');
    expect(options).toMatchObject({ host: 'host', port: 1234, username: 'user', password: 'secret', db: 3 });
    expect(options).toMatchObject({ connectionName: 'name', enableOfflineQueue: false, readOnly: false, protocol: 2 });
    expect(options).toMatchObject({ retryStrategy: null, autoResendUnfulfilledCommands: false });
    expect([options.commandTimeout, options.enableReadyCheck, status]).toEqual([undefined, false, 'wait']);
    expect(options.disableClientInfo).toBe(true);
  });

  it('a cluster gives its nodes the options, its own or those of its URL', async () => {
    const options = { password: 'secret', tls: { servername: 'redis' } };
    const natMap = { '10.0.0.1:1': { host: 'outside', port: 2 } };
    const cluster = new Cluster([{ host: 'node', port: 1 }], { ...lazy, redisOptions: options, natMap });
    for (const connection of [{ cluster: [{ host: 'node', port: 1 }], natMap, ...options }, cluster]) {
      const { where, open } = await openerOf(connection, '{bull}');
      expect(where).toBe('the Redis cluster');
      expect(open('name').options).toMatchObject({ ...options, natMap });
    }
    const { open } = await openerOf({ cluster: ['rediss://user:secret@node:1/5'] }, '{bull}');
    expect(open('name').options).toMatchObject({ username: 'user', password: 'secret', tls: true, db: 0 });
  });

  it.each<readonly [string, RedisConnection]>([
    ['options', { keyPrefix: 'app:' }],
    ['an instance', new Redis({ ...lazy, keyPrefix: 'app:' })],
    ['an instance of a cluster', new Cluster(['redis://node'], { ...lazy, keyPrefix: 'app:' })],
  ])("%s with ioredis' keyPrefix is refused", async (_, connection) => {
    await expect(linkOf(connection).start()).rejects.toThrow(UnsupportedStoreError);
  });

  it("the user's own instance is neither used nor closed", async () => {
    const own = new Redis(redis.url, { connectionName: 'own' });
    await own.ping();
    const sent: string[] = [];
    const { sendCommand } = own;
    own.sendCommand = (command, ...rest) => {
      sent.push(command.name);
      return sendCommand.call(own, command, ...rest);
    };
    const link = linkOf(own);
    await link.start();
    await expect(link.dedicated('blocks').block('BLPOP', ['list', 0.01])).resolves.toBeNull();
    await link.close();
    expect(sent).toEqual([]);
    await expect(own.ping()).resolves.toBe('PONG');
    own.disconnect();
  });

  it('a host that answers nothing, and one that is none, are told by their address', async () => {
    await expect(linkOf('redis://127.0.0.1:1').start()).rejects.toMatchObject({
      reason: 'CONNECTION',
      message: expect.stringContaining("Redis at 127.0.0.1:1 can't be reached: start it, or correct `connection`"),
    });
    await expect(linkOf('redis://nowhere.invalid').start()).rejects.toThrow('nowhere.invalid:6379');
  });

  it.each<readonly [reason: string, () => RedisConnection, users: readonly string[]]>([
    ['WRONGPASS', () => `redis://user:secret@127.0.0.1:${redis.port}`, ['>another', 'allcommands', 'allkeys']],
    [
      'NOPERM',
      () => ({ port: redis.port, username: 'user', password: 'secret' }),
      ['>secret', 'allkeys', '+@all', '-ping'],
    ],
    [
      'NOPERM',
      () => ({ port: redis.port, username: 'user', password: 'secret' }),
      ['>secret', 'allkeys', '+@all', '-info'],
    ],
  ])('X7: %s is an error at once, which says what to do and holds no password', async (reason, connection, rules) => {
    await admin.acl('SETUSER', 'user', 'reset', 'on', ...rules);
    const link = linkOf(connection());
    const error: unknown = await link.start().catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ name: 'StoreUnavailableError', code: 'STORE_UNAVAILABLE', reason });
    expect(String(error)).toMatch(/correct them in `connection`|grant it by `ACL SETUSER`/);
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret');
  });

  it('X7: a URL that is none is told without its password', async () => {
    const error: unknown = await linkOf('redis://user:secret@host:no-port')
      .start()
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret');
  });

  it('X7: no payload stands in an error of Redis', async () => {
    const link = linkOf(redis.url);
    const error: unknown = await link.send('NOSUCHCOMMAND', ['secret']).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STORE_FAULT', reason: 'ERR' });
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('secret');
  });

  it('a database that is not there is told: no other one is used for it', async () => {
    const starting = linkOf({ port: redis.port, db: 99 }).start();
    await expect(starting).rejects.toMatchObject({ code: 'STORE_FAULT', reason: 'ERR' });
    await expect(starting).rejects.toThrow('DB index is out of range');
  });

  it('where a password is missing or wrong, Redis is not asked again and again', async () => {
    await admin.acl('SETUSER', 'user', 'reset', 'on', '>another');
    const link = linkOf(`redis://user:secret@127.0.0.1:${redis.port}`);
    await admin.config('RESETSTAT');
    for (let i = 0; i < 100; i++) await expect(link.start()).rejects.toMatchObject({ reason: 'WRONGPASS' });
    const [, connections] = /total_connections_received:(\d+)/.exec(await admin.info('stats'))!;
    expect(Number(connections)).toBeLessThan(5);
    await admin.config('SET', 'requirepass', 'secret');
    await expect(linkOf(redis.url).start()).rejects.toMatchObject({ reason: 'NOAUTH' });
    await admin.config('SET', 'requirepass', '');
  });

  it('ioredis is loaded with the first connection', async () => {
    jest.resetModules();
    const loaded = jest.fn();
    jest.doMock('ioredis', () => {
      loaded();
      return jest.requireActual<object>('ioredis');
    });
    const fresh = await import('../../../src/engine/redis/link.js');
    const link = new fresh.Link({ connection: redis.url, prefix: 'bull', clock: systemClock, warn: () => {} });
    expect(loaded).not.toHaveBeenCalled();
    await link.start();
    expect(loaded).toHaveBeenCalled();
    await link.close();
    jest.dontMock('ioredis');
  });
});
