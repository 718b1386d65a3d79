import { Redis } from 'ioredis';
import type { Claimed } from '../../src/engine/engine.js';
import { child, jobs, newJob, next } from '../contract/bench.js';
import { redisUnderTest } from '../engine/redis/redis-under-test.js';
import { useRedis } from '../support/use-redis.js';

const server = useRedis();
const claim = { limit: 1, lockDuration: 1_000 };

/** A parent that waits for a child of group `one`, with one of group `other` beside it, as a BullMQ worker sees them. */
async function parked(due?: number): Promise<{
  test: Awaited<ReturnType<typeof redisUnderTest>>;
  complete: (id: string) => Promise<unknown>;
  wakes: () => number;
  close: () => Promise<void>;
}> {
  const test = await redisUnderTest(server());
  const { engine } = test;
  const redis = new Redis(server().url);
  const [parent] = await engine.add([newJob()]);
  const [claimed] = (await engine.claim(jobs, claim)) as readonly [Claimed];
  const family = [child(parent!, 'one', 'continue', 'one'), child(parent!, 'other', 'fail', 'other')];
  const waiting = { groups: ['one'], ...(due !== undefined && { due: engine.clock.now() + due }) };
  await engine.moveToWaitingChildren(claimed.lease, next(claimed, { children: family }), waiting);
  let woken = 0;
  const stop = engine.watch(jobs, () => woken++);
  await test.advance(0);
  woken = 0;
  const [dependencies] = await redis.keys(`*:${jobs}:${parent}:dependencies`);
  return {
    test,
    complete: (id) => redis.srem(dependencies!, `${dependencies!.split(':')[0]}:kids:${id}`),
    wakes: () => woken,
    async close() {
      stop();
      await engine.close();
      await redis.flushall();
      redis.disconnect();
    },
  };
}

describe('a parent that waits for some of its children, which a BullMQ worker runs', () => {
  it('is woken within 5 s of the last of those, though that worker leaves it as others are pending', async () => {
    const { test, complete, wakes, close } = await parked();
    await complete('one');
    await test.advance(4_000);
    await expect(test.engine.claim(jobs, claim)).resolves.toEqual([]);
    expect(wakes()).toBe(0);
    await test.advance(1_000);
    expect(wakes()).toBe(1);
    await expect(test.engine.claim(jobs, claim)).resolves.toMatchObject([{ job: { state: 'active' } }]);
    await close();
  });

  it('waits on until then, and tells nothing of the looks at it', async () => {
    const { test, complete, wakes, close } = await parked();
    for (let look = 1; look <= 3; look++) {
      await test.advance(5_100); // each call takes a millisecond, too
      expect(wakes()).toBe(look);
      await expect(test.engine.claim(jobs, claim)).resolves.toEqual([]);
      await expect(test.engine.list(jobs, 'waiting-children')).resolves.toMatchObject([{ due: undefined }]);
    }
    await complete('one');
    await test.advance(5_100);
    await expect(test.engine.claim(jobs, claim)).resolves.toHaveLength(1);
    await close();
  });

  it('is woken when it is due, if that comes first', async () => {
    const { test, close } = await parked(7_000);
    const at = test.engine.clock.now();
    await test.advance(5_000);
    await expect(test.engine.claim(jobs, claim)).resolves.toEqual([]);
    const [{ due }] = (await test.engine.list(jobs, 'waiting-children')) as never as readonly [{ due: number }];
    expect(due - at).toBeGreaterThan(6_000);
    await test.advance(2_000);
    await expect(test.engine.claim(jobs, claim)).resolves.toHaveLength(1);
    await close();
  });

  it('is not looked at when no other child is pending: that worker wakes it then', async () => {
    const { test, complete, wakes, close } = await parked();
    await complete('other');
    await test.advance(5_000);
    await expect(test.engine.claim(jobs, claim)).resolves.toEqual([]);
    expect(wakes()).toBe(1);
    await test.advance(60_000);
    expect(wakes()).toBe(1);
    await close();
  });
});
