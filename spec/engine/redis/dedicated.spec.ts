import { Redis } from 'ioredis';
import { ClosedError, systemClock, type Clock } from 'stepstream';
import { Link, type Dedicated, type LinkOptions } from '../../../src/engine/redis/link.js';
import { startProxy, type RedisProxy } from '../../support/redis-proxy.js';
import { startRedis, type TestRedis } from '../../support/redis-server.js';

describe('Dedicated', () => {
  let redis: TestRedis;
  let proxy: RedisProxy;
  let admin: Redis;
  const links: Link[] = [];

  function linkOf(options: Partial<LinkOptions> = {}): Link {
    const link = new Link({ connection: redis.url, prefix: 'bull', clock: systemClock, warn: () => {}, ...options });
    links.push(link);
    return link;
  }

  const pop = (dedicated: Dedicated, key = 'list'): Promise<unknown> => dedicated.block('BLPOP', [key, 30]);

  /** Resolves when a client with this name waits in Redis. */
  async function blocked(name: string): Promise<void> {
    while (!new RegExp(`name=${name} .*flags=b`).test((await admin.client('LIST')) as string));
  }

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await startProxy(redis.port);
    admin = new Redis(redis.url);
  });

  afterEach(async () => {
    proxy.let('all');
    await Promise.all(links.splice(0).map((link) => link.close()));
    await admin.flushall();
  });

  afterAll(async () => {
    admin.disconnect();
    await proxy.close();
    await redis.stop();
  });

  it('waits in Redis on a connection of its own, which is known by its name and id', async () => {
    const dedicated = linkOf().dedicated('a:name');
    expect(dedicated.clientId).toBeUndefined();
    const answer = pop(dedicated);
    await blocked('a:name');
    expect(await admin.client('LIST', 'ID', dedicated.clientId!)).toContain('name=a:name');
    await expect(pop(dedicated)).rejects.toThrow('one command at a time');
    await admin.rpush('list', 'item');
    await expect(answer).resolves.toEqual(['list', 'item']);
  });

  it('an interrupted wait answers null, whether or not it has reached Redis', async () => {
    const link = linkOf();
    const dedicated = link.dedicated('interrupted');
    const early = pop(dedicated);
    dedicated.interrupt(); // there is no connection yet
    await expect(early).resolves.toBeNull();

    const waiting = pop(dedicated);
    await blocked('interrupted');
    dedicated.interrupt();
    await expect(waiting).resolves.toBeNull();

    const onItsWay = pop(dedicated);
    dedicated.interrupt();
    dedicated.interrupt();
    await expect(onItsWay).resolves.toBeNull();
    dedicated.interrupt(); // nothing waits
    await admin.rpush('list', 'item');
    await expect(pop(dedicated)).resolves.toEqual(['list', 'item']);
  });

  it('an interruption never ends a wait that began after it, and loses nothing', async () => {
    const link = linkOf();
    const dedicated = link.dedicated('racing');
    const got: unknown[] = [];
    for (let item = 0; item < 300; item++) {
      const first = pop(dedicated);
      if (item % 3 === 0) await blocked('racing');
      // on one connection, so that the item comes at about the time of the interruption, now before it and now after
      const pushed = item % 2 === 0 ? link.send('RPUSH', ['list', item]) : undefined;
      dedicated.interrupt();
      const answer = await first;
      if (answer !== null) got.push(answer);
      await (pushed ?? link.send('RPUSH', ['list', item]));
      if (answer === null) got.push(await pop(dedicated));
    }
    expect(got).toEqual(Array.from({ length: 300 }, (_, item) => ['list', String(item)]));
  });

  it('a wait fails with its connection; the next begins when there is another, with another id', async () => {
    const dedicated = linkOf({ connection: proxy.url }).dedicated('cut');
    const heard: boolean[] = [];
    dedicated.onChange((up) => {
      expect(dedicated.clientId !== undefined).toBe(up);
      heard.push(up);
    });
    const first = pop(dedicated);
    await blocked('cut');
    const { clientId } = dedicated;
    proxy.cut();
    await expect(first).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'CONNECTION' });
    expect(dedicated.clientId).toBeUndefined();
    const second = pop(dedicated);
    await blocked('cut');
    await admin.rpush('list', 'item');
    await expect(second).resolves.toEqual(['list', 'item']);
    expect(dedicated.clientId).toBeGreaterThan(clientId!);
    expect(heard).toEqual([true, false, true]);
  });

  it('a line that is dead without a word is given up', async () => {
    /** Longer than any command may block: that time is short here. */
    const hasty: Clock = {
      now: () => systemClock.now(),
      after: (ms, action) => systemClock.after(ms > 30_000 ? 500 : ms, action),
    };
    const dedicated = linkOf({ connection: proxy.url, clock: hasty }).dedicated('dead');
    await admin.rpush('list', 'first', 'second');
    await expect(pop(dedicated)).resolves.toEqual(['list', 'first']);
    proxy.let('nothing');
    await expect(pop(dedicated)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'TIMEOUT' });
    proxy.let('all');
    await expect(pop(dedicated)).resolves.toEqual(['list', 'second']);
  });

  it('an interruption ends the connection when Redis cannot be told', async () => {
    const user = ['on', '>secret', 'allcommands', 'allkeys', '-client|unblock'];
    await admin.acl('SETUSER', 'limited', ...user);
    const connection = { host: '127.0.0.1', port: redis.port, username: 'limited', password: 'secret' };
    const dedicated = linkOf({ connection }).dedicated('untold');
    const wait = pop(dedicated);
    await blocked('untold');
    dedicated.interrupt();
    await expect(wait).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'CONNECTION' });
    const next = pop(dedicated);
    await admin.rpush('list', 'item');
    await expect(next).resolves.toEqual(['list', 'item']);
    await admin.acl('DELUSER', 'limited');
  });

  it('a wait ends when its server becomes a replica, and the next begins when there is a master', async () => {
    const dedicated = linkOf().dedicated('demoted');
    const wait = pop(dedicated);
    await blocked('demoted');
    await admin.replicaof('127.0.0.1', 1);
    await expect(wait).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'UNBLOCKED' });
    const next = pop(dedicated);
    await admin.replicaof('NO', 'ONE');
    await blocked('demoted');
    await admin.rpush('list', 'item');
    await expect(next).resolves.toEqual(['list', 'item']);
  });

  it('what Redis forbids is kept back and warned of: a loop of calls asks once a second at most', async () => {
    await admin.acl('SETUSER', 'limited', 'on', '>secret', 'allcommands', 'allkeys', '-blpop');
    const connection = { host: '127.0.0.1', port: redis.port, username: 'limited', password: 'secret' };
    let rests = 0;
    const clock: Clock = {
      now: () => systemClock.now(),
      after: (ms, action) => (ms === 1_000 ? (rests++, systemClock.after(0, action)) : systemClock.after(ms, action)),
    };
    const warnings: string[] = [];
    const warn = (message: string): void => void warnings.push(message);
    const dedicated = linkOf({ connection, clock, warn }).dedicated('refused');
    await expect(pop(dedicated)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'NOPERM' });
    await expect(pop(dedicated)).rejects.toMatchObject({ reason: 'NOPERM' });
    expect(rests).toBe(2);
    expect(warnings).toEqual([expect.stringMatching(/forbids the user something: grant it by .*blpop/)]);
    await admin.acl('DELUSER', 'limited');
  });

  it('a connection that is not let in is warned of, by those too who only wait on it', async () => {
    await admin.acl('SETUSER', 'limited', 'on', '>secret', 'allcommands', 'allkeys', '-client|id');
    const connection = { host: '127.0.0.1', port: redis.port, username: 'limited', password: 'secret' };
    const warnings: string[] = [];
    const dedicated = linkOf({ connection, warn: (message) => void warnings.push(message) }).dedicated('outside');
    await expect(pop(dedicated)).rejects.toMatchObject({ reason: 'NOPERM' });
    expect(warnings).toEqual([expect.stringContaining("'client|id'")]);
    await admin.acl('DELUSER', 'limited');
  });

  it('I11: a close ends the wait, and leaves no socket and no timer', async () => {
    const link = linkOf({ connection: proxy.url });
    const [waiting, connecting] = [link.dedicated('closed'), link.dedicated('closed at once')];
    const wait = pop(waiting);
    await blocked('closed');
    const settled = Promise.allSettled([wait, pop(connecting)]);
    await Promise.all([waiting.close(), connecting.close()]);
    for (const { reason } of (await settled) as PromiseRejectedResult[]) expect(reason).toBeInstanceOf(ClosedError);
    expect(link.held).toBe(0);
    await proxy.empty();
    await expect(pop(waiting)).rejects.toThrow(ClosedError);
  });
});
