import { Redis } from 'ioredis';
import type { Engine } from '../../../src/engine/engine.js';
import type { NewJob } from '../../../src/engine/records.js';
import { redisEngine } from '../../../src/engine/redis/redis-engine.js';
import { failure, jobs, kids, newJob, next } from '../../contract/bench.js';
import { useRedis } from '../../support/use-redis.js';

/** More than two calls may touch. */
const many = 2_300;
const lockDuration = 60_000;

describe('what touches any number of jobs', () => {
  const server = useRedis();
  let redis: Redis;
  let engine: Engine;
  beforeEach(async () => {
    redis = new Redis(server().url);
    await redis.flushall();
    engine = redisEngine({ connection: server().url, warn: () => {} });
  });
  afterEach(async () => {
    await engine.close();
    redis.disconnect();
  });

  const addMany = async (opts: NewJob['opts'] = {}, more: Partial<NewJob> = {}): Promise<readonly string[]> =>
    engine.add(Array.from({ length: many }, () => newJob(opts, { timestamp: 1_000, ...more })));

  async function failMany(): Promise<void> {
    await addMany();
    const claimed = await engine.claim(jobs, { limit: many, lockDuration });
    await Promise.all(claimed.map(async (each) => engine.fail(each.lease, next(each), failure())));
  }

  /** What it answers, and how many scripts it has called. */
  async function withCalls<A>(action: () => A): Promise<readonly [Awaited<A>, number]> {
    await redis.config('RESETSTAT');
    const answer = await action();
    const stats = await redis.info('commandstats');
    const calls = [...stats.matchAll(/cmdstat_eval(?:sha)?:calls=(\d+)/g)].map(([, number]) => Number(number));
    return [answer, calls.reduce((sum, each) => sum + each, 0)];
  }

  const counts = async (): Promise<Readonly<Record<string, number>>> => engine.counts(jobs);

  it('is cleaned in calls of 1,000 jobs, those that stay passed over', async () => {
    await addMany();
    for (let i = 0; i < 1_500; i++) await redis.hset(`bull:${jobs}:${i + 1}`, 'timestamp', Date.now());
    const [cleaned, calls] = await withCalls(() => engine.clean(jobs, 'waiting', 60_000, Infinity));
    expect(calls).toBeGreaterThanOrEqual(3);
    expect(cleaned).toEqual(Array.from({ length: many - 1_500 }, (_, i) => String(1_501 + i)));
    await expect(engine.clean(jobs, 'waiting', -60_000, 1_100)).resolves.toHaveLength(1_100);
    await expect(counts()).resolves.toMatchObject({ waiting: 400 });
  });

  it('is drained in calls of 1,000 jobs', async () => {
    for (const opts of [{}, { priority: 1 }, { delay: 1e9 }]) await addMany(opts);
    const [, calls] = await withCalls(() => engine.drain(jobs, false));
    expect(calls).toBeGreaterThanOrEqual(6);
    await expect(counts()).resolves.toMatchObject({ waiting: 0, prioritized: 0, delayed: many });
    await engine.drain(jobs, true);
    await expect(counts()).resolves.toMatchObject({ delayed: 0 });
  });

  it('is obliterated in calls of 1,000 jobs', async () => {
    await failMany();
    await addMany({ delay: 1e9 });
    await addMany({ priority: 1 });
    await engine.claim(jobs, { limit: 1_200, lockDuration });
    await engine.pause(jobs);
    const [answer, calls] = await withCalls(() => engine.obliterate(jobs, true));
    expect(answer).toBe('obliterated');
    expect(calls).toBeGreaterThanOrEqual(7);
    expect((await redis.keys('*')).filter((key) => !key.startsWith('bull::'))).toEqual([]);
  });

  it('is retried, the oldest first, and each once, though they fail again', async () => {
    await failMany();
    const oldestFirst = (await engine.list(jobs, 'failed')).toReversed();
    const times = oldestFirst.map(({ finishedOn }) => finishedOn!);
    expect(times).toEqual(times.toSorted((a, b) => a - b));
    await expect(engine.retryAll(jobs, 'failed', Infinity, 1_100)).resolves.toBe(1_100);
    const claimed = await engine.claim(jobs, { limit: many, lockDuration });
    expect(claimed.map(({ job }) => job.id)).toEqual(oldestFirst.slice(0, 1_100).map(({ id }) => id));
    await expect(engine.retryAll(jobs, 'failed', Infinity, Infinity)).resolves.toBe(many - 1_100);
    await expect(counts()).resolves.toMatchObject({ failed: 0, waiting: many - 1_100 });
  });

  it('is promoted', async () => {
    await addMany({ delay: 1e9 });
    await expect(engine.promoteAll(jobs, 1_100)).resolves.toBe(1_100);
    await expect(engine.promoteAll(jobs, Infinity)).resolves.toBe(many - 1_100);
    await expect(counts()).resolves.toMatchObject({ delayed: 0, waiting: many });
  });

  it('is listed in its order, in calls of 1,000 jobs', async () => {
    const ids = await addMany();
    const listed = async (...range: [number?, number?, boolean?]): Promise<readonly string[]> =>
      (await engine.list(jobs, 'waiting', ...range)).map(({ id }) => id);
    const [all, calls] = await withCalls(listed);
    expect(all).toEqual(ids);
    expect(calls).toBeGreaterThanOrEqual(3);
    await expect(listed(100, 2_199)).resolves.toEqual(ids.slice(100, 2_200));
    await expect(listed(0, -1, true)).resolves.toEqual(ids.toReversed());
  });

  it('is removed in several calls as the children of a job, which wakes when the last is gone', async () => {
    const [parent] = await engine.add([newJob()]);
    const [claimed] = await engine.claim(jobs, { limit: 1, lockDuration });
    const link = { queue: jobs, id: parent!, group: 'gate', onFailure: 'ignore' } as const;
    const children = Array.from({ length: 350 }, (_, i) => newJob({ jobId: `k-${i}` }, { queue: kids, parent: link }));
    await engine.moveToWaitingChildren(claimed!.lease, next(claimed!, { children }), { groups: ['gate'] });
    const [, calls] = await withCalls(() => engine.removeUnprocessedChildren(jobs, parent!));
    expect(calls).toBeGreaterThanOrEqual(3);
    await expect(engine.counts(kids)).resolves.toMatchObject({ waiting: 0 });
    await expect(engine.get(jobs, parent!)).resolves.toMatchObject({ state: 'waiting' });
  });
});
