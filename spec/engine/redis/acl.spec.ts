import { execFileSync } from 'node:child_process';
import { Redis } from 'ioredis';
import { LeaseLostError, systemClock, type Engine } from 'stepstream';
import type { Claimed } from '../../../src/engine/engine.js';
import { Link } from '../../../src/engine/redis/link.js';
import { script } from '../../../src/engine/redis/script.js';
import { engineOn } from '../../../src/engine/redis/store-engine.js';
import { Store } from '../../../src/engine/redis/store.js';
import { jobs, newJob } from '../../contract/bench.js';
import { describeEngine } from '../../contract/engine-contract.js';
import { useRedis } from '../../support/use-redis.js';
import { deniedBy, grantedCommands, makeDocumentedUser, type Denied } from './documented-user.js';
import { useEveryCommand } from './every-command.js';
import { redisUnderTest } from './redis-under-test.js';

const server = useRedis();
let admin: Redis;

beforeAll(() => {
  admin = new Redis(server().url);
});

afterAll(() => admin.disconnect());

interface Opened {
  readonly link: Link;
  readonly engine: Engine;
}

const opened: Opened[] = [];

afterEach(async () => {
  for (const { engine } of opened.splice(0)) await engine.close();
});

/** An engine as the documented user of its prefix. */
async function open(prefix: string, ...more: readonly string[]): Promise<Opened> {
  const connection = await makeDocumentedUser(admin, server(), prefix, ...more);
  const link = new Link({ connection, prefix, clock: systemClock, warn: () => {} });
  const engine = engineOn(new Store({ link, prefix, clock: systemClock, process: prefix, warn: () => {} }));
  opened.push({ link, engine });
  return { link, engine };
}

/** What is refused to an engine that does all that it can; it is used no longer than until something is. */
async function denied(prefix: string, ...more: readonly string[]): Promise<readonly Denied[]> {
  const { link, engine } = await open(prefix, ...more);
  await admin.acl('LOG', 'RESET');
  await admin.script('FLUSH');
  const ended = new AbortController();
  const using = link
    .start()
    .then(() => useEveryCommand(engine, prefix, admin, ended.signal))
    .finally(() => ended.abort());
  using.catch(() => {}); // it is refused something
  while (!ended.signal.aborted && (await deniedBy(admin)).length === 0);
  ended.abort();
  await engine.close();
  const refusals = await deniedBy(admin);
  if (refusals.length === 0) await using;
  return refusals;
}

describe('the user of docs/redis.md', () => {
  it('X8: may do what the sources say, and no more', () => {
    expect(() => execFileSync('node', ['scripts/acl.js', '--check'], { stdio: 'pipe' })).not.toThrow();
  });

  it('X8: may do all that the engine does', async () => {
    await expect(denied('granted')).resolves.toEqual([]);
  });

  it.each(grantedCommands)('X8: needs %s', async (command) => {
    const user = `without-${command.replace('|', '-')}`;
    const refusals = await denied(user, `-${command}`);
    expect(refusals).not.toEqual([]);
    for (const each of refusals) expect(each).toEqual({ user, reason: 'command', object: command });
  });

  it('X9: reaches no key of another prefix, and no channel', async () => {
    const { link } = await open('bull');
    const read = script('read', `return redis.call('GET', ARGV[1])`);
    for (const key of ['bull2:jobs:1', 'bull2', 'bul', 'other:jobs:1', 'BULL:jobs:1', 'x:bull:jobs:1']) {
      for (const sent of [link.send('GET', [key]), link.call(read, [key])]) {
        await expect(sent).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE', reason: 'NOPERM' });
      }
    }
    await admin.acl('SETUSER', 'bull', '+publish');
    await expect(link.send('PUBLISH', ['bull:channel', 'text'])).rejects.toMatchObject({ reason: 'NOPERM' });
  });
});

describe('two prefixes on one Redis', () => {
  const keysOf = async (prefix: string): Promise<readonly string[]> => (await admin.keys(`${prefix}:*`)).sort();

  async function storedUnder(prefix: string): Promise<unknown> {
    const keys = await keysOf(prefix);
    return Promise.all(keys.map(async (key) => [key, await admin.dumpBuffer(key)]));
  }

  it('X9: whatever an engine does, nothing changes under another prefix', async () => {
    const { engine: other } = await open('app-2');
    await other.add([newJob(), newJob({ delay: 1e9 }), newJob({ priority: 1 })]);
    await other.claim(jobs, { limit: 1, lockDuration: 60_000 });
    const before = await storedUnder('app-2');
    await expect(denied('app')).resolves.toEqual([]);
    await expect(storedUnder('app-2')).resolves.toEqual(before);
    expect((await keysOf('app')).length).toBeGreaterThan(10);
  });

  it("X9: another prefix's jobs are not there", async () => {
    const [{ engine: own }, { engine: other }] = [await open('mine'), await open('theirs')];
    await other.add([newJob({ jobId: 'theirs' })]);
    const [{ lease }] = (await other.claim(jobs, { limit: 1, lockDuration: 60_000 })) as [Claimed];
    const before = await storedUnder('theirs');
    const none = await Promise.all([
      own.get(jobs, 'theirs'),
      own.claim(jobs, { limit: 10, lockDuration: 60_000 }),
      own.children(jobs, 'theirs'),
      own.logs(jobs, 'theirs'),
      own.list(jobs, 'active'),
    ]);
    expect(none).toEqual([undefined, [], [], { logs: [], count: 0 }, []]);
    const refused = await Promise.all([
      own.cancel(jobs, 'theirs', 'foreign'),
      own.remove(jobs, 'theirs'),
      own.retry(jobs, 'theirs'),
      own.promote(jobs, 'theirs'),
      own.updateData(jobs, 'theirs', '"foreign"'),
      own.updateProgress(jobs, 'theirs', '"foreign"'),
      own.changePriority(jobs, 'theirs', 1, false),
      own.removeChildDependency(jobs, 'theirs'),
    ]);
    expect(refused).toEqual([false, 'missing', false, false, false, false, false, false]);
    await expect(own.renew([lease], 60_000)).resolves.toEqual([lease]);
    await expect(own.checkpoint(lease, { seq: 1, cursor: 'foreign' })).rejects.toThrow(LeaseLostError);
    await expect(storedUnder('theirs')).resolves.toEqual(before);
  });
});

describe('the contract, each engine as a user of its own prefix', () => {
  beforeAll(() => admin.acl('LOG', 'RESET'));

  const makeUser = (prefix: string): Promise<string> => makeDocumentedUser(admin, server(), prefix);
  describeEngine('Redis', () => redisUnderTest(server(), { makeUser }));

  it('X8, X9: nothing was refused in all its calls: no command, and no key of another prefix', async () => {
    await expect(deniedBy(admin)).resolves.toEqual([]);
    const [, calls] = /cmdstat_evalsha:calls=(\d+)/.exec(await admin.info('commandstats'))!;
    expect(Number(calls)).toBeGreaterThan(10_000);
  });
});
