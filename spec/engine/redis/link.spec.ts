import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { ClosedError, StoreFaultError, StoreUnavailableError, systemClock } from 'stepstream';
import { Link, type LinkOptions } from '../../../src/engine/redis/link.js';
import { script } from '../../../src/engine/redis/script.js';
import { startProxy, type RedisProxy } from '../../support/redis-proxy.js';
import { startRedis, type TestRedis } from '../../support/redis-server.js';

/** Notes that it ran, however often; its effect happens once. */
const append = script(
  'append',
  `redis.call('RPUSH', KEYS[1] .. ':runs', ARGV[1])
  if redis.call('SADD', KEYS[1] .. ':seen', ARGV[1]) == 1 then redis.call('RPUSH', KEYS[1] .. ':effects', ARGV[1]) end
  return ARGV[1]`,
);
const wrongType = script('wrongType', `redis.call('SET', KEYS[1], 'text') return redis.call('LPUSH', KEYS[1], 'item')`);
const faulty = script('faulty', `error('the script has a fault')`);

const numbers = Array.from({ length: 50 }, (_, index) => String(index));

/** Resolves when the connection has come up, or gone down. */
function turned(link: Link, to: boolean): Promise<void> {
  return new Promise((resolve) => {
    const stop = link.onChange((up) => {
      if (up !== to) return;
      stop();
      resolve();
    });
  });
}

/** Blocks the event loop. */
function stand(ms: number): void {
  const end = systemClock.now() + ms;
  while (systemClock.now() < end);
}

describe('Link', () => {
  let redis: TestRedis;
  let proxy: RedisProxy;
  let admin: Redis;
  const links: Link[] = [];

  function linkOf(options: Partial<LinkOptions> = {}): Link {
    const warn = (message: string): void => {
      throw new Error(message);
    };
    const link = new Link({ connection: redis.url, prefix: 'bull', clock: systemClock, warn, ...options });
    links.push(link);
    return link;
  }

  const list = (name: string): Promise<string[]> => admin.lrange(`bull:${name}`, 0, -1);

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

  // --- calls ---

  it('connects with the first call, whose answer is as Redis gave it', async () => {
    const echo = script('echo', `return {ARGV[1], {tonumber(ARGV[2]), KEYS[1]}, false}`);
    const link = linkOf();
    expect(link.held).toBe(0);
    await expect(link.call(echo, ['text', 7])).resolves.toEqual(['text', [7, 'bull'], null]);
    await expect(link.call(echo, [Buffer.of(0, 255), 7], { buffers: true })).resolves.toEqual([
      Buffer.of(0, 255),
      [7, Buffer.from('bull')],
      null,
    ]);
    await link.send('hset', ['hash', 'field', 'value']);
    await expect(link.send('hgetall', ['hash'])).resolves.toEqual(['field', 'value']);
  });

  it('calls are carried out in their order, those too that were made before the connection was there', async () => {
    const link = linkOf();
    await Promise.all(numbers.map((number) => link.call(append, [number])));
    await Promise.all(numbers.map((number) => link.call(append, [`${number} again`])));
    await expect(list('effects')).resolves.toEqual([...numbers, ...numbers.map((number) => `${number} again`)]);
  });

  it('a script that Redis has forgotten is sent whole', async () => {
    const link = linkOf();
    await link.call(append, ['before']);
    await admin.script('FLUSH');
    await expect(link.call(append, ['after'])).resolves.toBe('after');
    await admin.config('RESETSTAT');
    await link.call(append, ['once more']);
    await expect(admin.info('commandstats')).resolves.not.toContain('cmdstat_eval:');
  });

  it('an error that stays is thrown at once, with its word', async () => {
    const link = linkOf();
    const fault = { name: 'StoreFaultError', code: 'STORE_FAULT' };
    await expect(link.call(wrongType, [])).rejects.toMatchObject({ ...fault, reason: 'WRONGTYPE' });
    await expect(link.call(faulty, [])).rejects.toMatchObject({ ...fault, reason: 'ERR' });
    await expect(link.send('NOSUCHCOMMAND', [])).rejects.toThrow(StoreFaultError);
  });

  it('what Redis forbids within a script is told like what it forbids elsewhere', async () => {
    await admin.acl('SETUSER', 'limited', 'on', '>secret', 'allkeys', '+@all', '-sadd');
    const link = linkOf({ connection: `redis://limited:secret@127.0.0.1:${redis.port}` });
    const forbidden = { name: 'StoreUnavailableError', code: 'STORE_UNAVAILABLE', reason: 'NOPERM' };
    await expect(link.call(append, ['item'])).rejects.toMatchObject(forbidden);
    await expect(link.call(append, ['item'])).rejects.toThrow('grant it by `ACL SETUSER`');
    await admin.acl('DELUSER', 'limited');
  });

  // --- the connection is lost ---

  it('R9: a call whose answer was lost is sent again and answered, in the order of the first sending', async () => {
    const link = linkOf({ connection: proxy.url });
    await link.start();
    proxy.let('no replies');
    const swallowed = proxy.swallowed();
    const calls = Promise.all(numbers.map((number) => link.call(append, [number])));
    await swallowed;
    await admin.ping();
    proxy.let('all');
    proxy.cut();
    await expect(calls).resolves.toEqual(numbers);
    await expect(list('effects')).resolves.toEqual(numbers);
    await expect(list('runs')).resolves.toEqual([...numbers, ...numbers]);
  });

  it('calls that were made while the connection was away follow those that were lost with it', async () => {
    const link = linkOf({ connection: proxy.url });
    await link.start();
    proxy.let('nothing');
    const lost = numbers.slice(0, 25).map((number) => link.call(append, [number]));
    const down = turned(link, false);
    proxy.cut();
    await down;
    const later = numbers.slice(25).map((number) => link.call(append, [number]));
    proxy.let('all');
    await Promise.all([...lost, ...later]);
    await expect(list('runs')).resolves.toEqual(numbers);
  });

  it('what may be sent once only is rejected when its answer is lost, and not sent again', async () => {
    const link = linkOf({ connection: proxy.url });
    await link.start();
    proxy.let('no replies');
    const swallowed = proxy.swallowed();
    const sent = link.send('INCR', ['count'], { once: true });
    await swallowed;
    proxy.let('all');
    proxy.cut();
    await expect(sent).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'CONNECTION' });
    await link.start();
    await expect(admin.get('count')).resolves.toBe('1');
  });

  it('goes on when Redis was restarted in the middle', async () => {
    const link = linkOf();
    await link.call(append, ['before']);
    await redis.kill('SIGKILL');
    const call = link.call(append, ['during']);
    await redis.restart();
    await expect(call).resolves.toBe('during');
    await expect(link.call(append, ['after'])).resolves.toBe('after');
    await expect(list('effects')).resolves.toEqual(['during', 'after']); // what was before isn't in a file
  });

  it('says that the connection is up, and that it is down', async () => {
    const link = linkOf({ connection: proxy.url });
    const heard: boolean[] = [];
    const stop = link.onChange((up, at) => {
      expect(at).toBeLessThanOrEqual(systemClock.now());
      expect(link.up).toBe(up);
      heard.push(up);
    });
    expect(link.up).toBe(false);
    await link.start();
    expect(heard).toEqual([true]);
    const back = turned(link, true);
    proxy.cut();
    await back;
    expect(heard).toEqual([true, false, true]);
    stop();
    await link.close();
    expect(heard).toHaveLength(3);
  });

  // --- Redis is away ---

  it('R10: a call is rejected after the timeout when Redis is away, and never arrives', async () => {
    const link = linkOf({ timeout: 500 });
    await link.start();
    await redis.kill('SIGKILL');
    const away = { name: 'StoreUnavailableError', code: 'STORE_UNAVAILABLE', reason: 'CONNECTION' };
    await expect(link.call(append, ['lost'])).rejects.toMatchObject(away);
    await expect(link.call(append, ['not sent'])).rejects.toThrow(`Redis at 127.0.0.1:${redis.port} can't be reached`);
    const back = turned(link, true);
    await redis.restart();
    await back;
    await link.start();
    await expect(list('runs')).resolves.toEqual([]);
  });

  it('R13: a process that has stood still for longer than the timeout looks at the answers before it gives a call up', async () => {
    const link = linkOf({ timeout: 1_000 });
    const first = link.call(append, ['one']);
    stand(1_200); // before the connection is there
    await expect(first).resolves.toBe('one');
    const second = link.call(append, ['two']);
    stand(1_200);
    await expect(second).resolves.toBe('two');
  });

  it('R10: a line that is dead without a word is noticed, and the next call goes over another', async () => {
    const link = linkOf({ connection: proxy.url, timeout: 500 });
    await link.start();
    proxy.let('nothing');
    await expect(link.call(append, ['lost'])).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'TIMEOUT' });
    const back = turned(link, true);
    proxy.let('all');
    await back;
    await expect(link.call(append, ['found'])).resolves.toBe('found');
    await expect(list('effects')).resolves.toEqual(['found']);
  });

  it('a call is rejected when Redis takes connections and answers nothing', async () => {
    await redis.kill('SIGSTOP');
    const link = linkOf({ timeout: 200 });
    await expect(link.start()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'TIMEOUT' });
    await redis.kill('SIGCONT');
  });

  // --- Redis refuses for now ---

  const refusals: readonly (readonly [reason: string, make: () => Promise<unknown>, mend: () => Promise<unknown>])[] = [
    ['OOM', () => admin.config('SET', 'maxmemory', 1), () => admin.config('SET', 'maxmemory', 0)],
    [
      'NOREPLICAS',
      () => admin.config('SET', 'min-replicas-to-write', 1),
      () => admin.config('SET', 'min-replicas-to-write', 0),
    ],
    ['READONLY', () => admin.replicaof('127.0.0.1', 1), () => admin.replicaof('NO', 'ONE')],
    [
      'MASTERDOWN',
      async () => {
        await admin.config('SET', 'replica-serve-stale-data', 'no');
        await admin.replicaof('127.0.0.1', 1);
      },
      async () => {
        await admin.replicaof('NO', 'ONE');
        await admin.config('SET', 'replica-serve-stale-data', 'yes');
      },
    ],
    [
      'MISCONF',
      async () => {
        mkdirSync(join(redis.dir, 'dump.rdb'), { recursive: true }); // which a file can't replace
        await admin.config('SET', 'save', '3600 1');
        await admin.bgsave();
        while (!(await admin.info('persistence')).includes('rdb_last_bgsave_status:err'));
      },
      () => admin.config('SET', 'save', ''),
    ],
    [
      'BUSY',
      async () => {
        await admin.config('SET', 'busy-reply-threshold', 1);
        const endless = new Redis(redis.url);
        endless.eval('while true do end', 0).catch(() => endless.disconnect());
        while (await admin.ping().catch(() => false));
      },
      () => admin.script('KILL'),
    ],
  ];

  it.each(refusals)('%s is waited for, for the length of the timeout', async (reason, make, mend) => {
    const link = linkOf();
    const impatient = linkOf({ timeout: 300 });
    await Promise.all([link.call(append, ['before']), impatient.start()]);
    await make();
    const refused = { name: 'StoreUnavailableError', code: 'STORE_UNAVAILABLE', reason };
    const call = link.call(append, ['waits']);
    await expect(impatient.call(append, ['impatient'])).rejects.toMatchObject(refused);
    await mend();
    await expect(call).resolves.toBe('waits');
    await expect(list('effects')).resolves.toEqual(['before', 'waits']);
  });

  it('LOADING is waited for, for the length of the timeout', async () => {
    const slow = ['--loading-process-events-interval-bytes', '1024', '--key-load-delay', '1000'];
    const loading = await startRedis(slow);
    const other = new Redis(loading.url);
    const keys = Array.from({ length: 10_000 }, (_, index) => [`key${index}`, `${index}`.padEnd(100)]);
    await other.mset(...keys.flat());
    await other.save();
    other.disconnect();
    await loading.restart('loading');

    const link = linkOf({ connection: loading.url });
    const impatient = linkOf({ connection: loading.url, timeout: 500 });
    const call = link.call(append, ['waits']);
    await expect(impatient.call(append, ['impatient'])).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      reason: 'LOADING',
    });
    const control = new Redis(loading.url, { enableReadyCheck: false });
    await control.config('SET', 'key-load-delay', 0);
    await expect(call).resolves.toBe('waits');

    control.disconnect();
    await Promise.all([link.close(), impatient.close()]);
    await loading.stop();
  });

  // --- close ---

  it('I11: a close rejects what waits and what is on its way, and leaves no socket and no timer', async () => {
    const link = linkOf({ connection: proxy.url });
    await link.start();
    const dedicated = link.dedicated('blocks');
    proxy.let('no replies');
    const calls = numbers.map((number) => link.call(append, [number]));
    const blocked = dedicated.block('BLPOP', ['nothing', 30]);
    const settled = Promise.allSettled([...calls, blocked]);
    await link.close();
    for (const { status, reason } of (await settled) as PromiseRejectedResult[]) {
      expect([status, reason]).toEqual(['rejected', expect.any(ClosedError)]);
    }
    expect(link.held).toBe(0);
    await proxy.empty();
    await expect(link.call(append, ['late'])).rejects.toThrow(ClosedError);
    expect(() => link.dedicated('late')).toThrow(ClosedError);
    await link.close();
  });

  it('I11: a close while Redis is away, or silent, leaves nothing either', async () => {
    const nowhere = linkOf({ connection: 'redis://127.0.0.1:1' });
    proxy.let('nothing');
    const silent = linkOf({ connection: proxy.url });
    const unused = linkOf();
    const calls = Promise.allSettled([nowhere.start(), silent.start()]);
    for (const link of [nowhere, silent, unused]) await link.close();
    for (const { reason } of (await calls) as PromiseRejectedResult[]) expect(reason).toBeInstanceOf(ClosedError);
    expect([nowhere.held, silent.held, unused.held]).toEqual([0, 0, 0]);
    await proxy.empty();
  });

  it('I11: a close while Redis refuses leaves nothing', async () => {
    const link = linkOf();
    await link.start();
    await admin.config('SET', 'maxmemory', 1);
    const call = link.call(append, ['refused']);
    await expect(linkOf({ timeout: 300 }).call(append, ['refused'])).rejects.toThrow(StoreUnavailableError);
    await Promise.all([expect(call).rejects.toThrow(ClosedError), link.close()]);
    expect(link.held).toBe(0);
    await admin.config('SET', 'maxmemory', 0);
    await expect(list('runs')).resolves.toEqual([]);
  });
});
