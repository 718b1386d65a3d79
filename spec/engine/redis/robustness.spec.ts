import { Redis } from 'ioredis';
import { concatMap, from, map, NEVER, of, Subject, take } from 'rxjs';
import { awaitChildren, createApp, type App } from 'stepstream';
import { redisEngine } from '../../../src/engine/redis/redis-engine.js';
import { processor } from '../../support/processor.js';
import { useRedis } from '../../support/use-redis.js';

const server = useRedis();
const lockDuration = 60_000;

describe('the Redis engine on a store of its own', () => {
  let redis: Redis;
  const apps: App[] = [];

  beforeEach(async () => {
    redis = new Redis(server().url);
    await redis.flushall();
  });

  afterEach(async () => {
    await Promise.all(apps.splice(0).map((app) => app.close({ grace: 0 })));
    redis.disconnect();
  });

  it('I14: a job whose options are no object runs with none, and holds up no other', async () => {
    const engine = redisEngine({ connection: server().url });
    for (const [id, opts] of [
      ['a', '5'],
      ['b', 'true'],
      ['c', '{'],
      ['d', 'null'],
    ] as const) {
      await redis.hset(`bull:jobs:${id}`, { name: 'job', data: '1', opts, timestamp: '1', delay: '0', priority: '0' });
      await redis.lpush('bull:jobs:wait', id);
    }
    const claimed = await engine.claim('jobs', { limit: 10, lockDuration });
    expect(claimed.map(({ job }) => [job.id, job.opts])).toEqual([
      ['a', {}],
      ['b', {}],
      ['c', {}],
      ['d', {}],
    ]);
    for (const { lease } of claimed) await engine.complete(lease, { seq: 1, cursor: 'c' }, undefined, 0);
    await engine.close();
  });

  it('takes a write that sets or removes any number of fields', async () => {
    const engine = redisEngine({ connection: server().url });
    await engine.add([{ queue: 'jobs', name: 'job', data: '1', opts: {}, timestamp: 1 }]);
    const [claimed] = await engine.claim('jobs', { limit: 1, lockDuration });
    const fields = new Map(Array.from({ length: 10_000 }, (_, index) => [`i:${index}`, 'x'] as const));
    await engine.checkpoint(claimed!.lease, { seq: 1, cursor: 'c', fields });
    expect((await engine.get('jobs', '1'))!.checkpoint!.fields.size).toBe(10_000);
    const removed = new Map(Array.from(fields.keys(), (field) => [field, null] as const));
    await engine.checkpoint(claimed!.lease, { seq: 2, fields: removed });
    expect((await engine.get('jobs', '1'))!.checkpoint!.fields.size).toBe(0);
    await engine.close();
  });

  it('I1: a job whose parent can not be read completes all the same', async () => {
    const engine = redisEngine({ connection: server().url });
    await engine.add([{ queue: 'jobs', name: 'job', data: '1', opts: {}, timestamp: 1 }]);
    await redis.hset('bull:jobs:1', 'parent', '{"id":');
    const [claimed] = await engine.claim('jobs', { limit: 1, lockDuration });
    await engine.complete(claimed!.lease, { seq: 1, cursor: 'c' }, undefined, 0);
    expect((await engine.get('jobs', '1'))!.state).toBe('completed');
    await engine.close();
  });

  it('W3: a worker that closes keeps the connection by which it is known, until its last job has ended', async () => {
    const begun = new Subject<void>();
    const app = createApp({
      processors: [processor({ only: () => (begun.next(), NEVER) })],
      connection: server().url,
    });
    await app.start();
    const first = new Promise<void>((resolve) => void begun.pipe(take(1)).subscribe(resolve));
    await app.queue('work').add('job', {});
    await first;
    const closing = app.close({ grace: 60_000 });
    expect(await redis.client('LIST')).toContain(':w:stepstream-');
    await app.engine.cancel('work', '1', 'enough'); // noticed at the renewal, which ends it
    await closing;
    expect(await redis.client('LIST')).not.toContain(':w:stepstream-');
  }, 15_000);

  it('W7: a parent whose children have finished while it parks goes on in its own slot', async () => {
    let running = 0;
    const most = { running: 0 };
    const work = () =>
      of(1).pipe(
        awaitChildren(() => ({ queue: 'kids', name: 'kid' })),
        concatMap(() => {
          most.running = Math.max(most.running, ++running);
          return from(new Promise((resolve) => setImmediate(resolve))).pipe(map(() => void running--));
        }),
      );
    const app = createApp({
      processors: [
        processor({ only: work }, { concurrency: 1 }),
        processor({ only: () => of('done') }, { queue: 'kids', concurrency: 10 }),
      ],
      connection: server().url,
    });
    apps.push(app);
    await app.start();
    const jobs = await app.queue('work').addBulk(Array.from({ length: 20 }, () => ({ name: 'job', data: {} })));
    await Promise.all(jobs.map((job) => job.result()));
    expect(most.running).toBe(1);
  });
});
