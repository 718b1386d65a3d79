import { of } from 'rxjs';
import { createApp, type App } from 'stepstream';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

const work = processor({ run: () => of('done') }, { queue: 'work' });

describe.each(bullmqVersions)('beside clients of BullMQ %s and of those before 6', (_version, bullmq) => {
  const wire = useWire(bullmq);

  const signs: readonly (readonly [what: string, make: () => Promise<unknown>, said: string])[] = [
    [
      'the version that a client said',
      () => wire().redis.hset('bull:work:meta', 'version', 'bullmq:5.63.2'),
      '(its version is bullmq:5.63.2)',
    ],
    [
      'a list of paused jobs',
      () => wire().redis.lpush('bull:work:paused', '1', '2'),
      '(it has a list of 2 paused jobs)',
    ],
    [
      'a marker for prioritized jobs',
      () => wire().redis.lpush('bull:work:wait', '0:0'),
      '(its waiting jobs hold a marker)',
    ],
    [
      'a marker for delayed jobs',
      () => wire().redis.rpush('bull:work:wait', '0:1700000000000', '7'),
      '(its waiting jobs hold a marker)',
    ],
  ];

  it.each(signs)('a queue of before 6 is refused, nothing of it is touched: %s', async (_what, make, said) => {
    await make();
    const before = await wire().redis.dump(
      said.includes('version') ? 'bull:work:meta' : said.includes('paused') ? 'bull:work:paused' : 'bull:work:wait',
    );
    const errors: string[] = [];
    let stopped: () => void;
    const refused = new Promise<void>((resolve) => (stopped = resolve));
    const logger = {
      warn: () => {},
      error(message: string) {
        errors.push(message);
        stopped();
      },
    };
    const app = createApp({ processors: [work], connection: wire().url, logger });
    await app.start();
    await refused;
    const refusal = { code: 'UNSUPPORTED_STORE', message: expect.stringContaining(said) };
    await expect(app.queue('work').add('run', {})).rejects.toMatchObject(refusal);
    await expect(app.engine.claim('work', { limit: 1, lockDuration: 1_000 })).rejects.toMatchObject(refusal);
    await app.queue('other').add('run', {});
    expect(errors[0]).toContain(said);
    const keys = await wire().redis.keys('bull:work:*');
    expect(keys).toHaveLength(1);
    await expect(wire().redis.dump(keys[0]!)).resolves.toEqual(before);
    await app.close();
  });

  it('work begins when BullMQ 6 has taken the queue over, without a restart', async () => {
    await wire().redis.lpush('bull:work:paused', '1');
    await wire().redis.hset('bull:work:1', { name: 'run', data: '{}', opts: '{}', timestamp: 1 });
    await wire().redis.hset('bull:work:meta', { paused: 1, version: 'bullmq:5.1.0' });
    let stopped: () => void;
    const refused = new Promise<void>((resolve) => (stopped = resolve));
    const app = createApp({
      processors: [work],
      connection: wire().url,
      logger: { warn: () => {}, error: () => stopped() },
    });
    await app.start();
    await refused;
    const queue = wire().queue('work');
    await queue.waitUntilReady();
    await queue.resume();
    const ears = wire().ears('work');
    await expect(ears.until('completed', '1')).resolves.toMatchObject({ returnvalue: 'done' });
    await expect(wire().end(await queue.add('run', {}))).resolves.toBe('done'); // it is woken, too
    await app.close();
  });

  it('a queue is looked at once', async () => {
    const app = await wire().app(work);
    await wire().end(await wire().queue('work').add('run', {}));
    await wire().redis.config('RESETSTAT');
    await wire().redis.lpush('bull:work:paused', 'of somebody who was late');
    const job = await app.queue('work').add('run', {});
    await expect(job.result()).resolves.toBe('done');
  });

  // --- others who work on the queue ---

  const warning =
    'a BullMQ worker takes jobs of queue work, too, and knows nothing of their steps: stop it, or give it a queue of its own';

  it.each([{}, { name: 'named' }])('a worker of BullMQ on the same queue is warned of, once: %j', async (options) => {
    const theirs = wire().worker('work', async () => 'theirs', options);
    await theirs.waitUntilReady();
    const apps: App[] = [await wire().app(work)];
    await wire().warned();
    expect(wire().takeWarnings()).toEqual([warning]);
    await apps[0]!.engine.recoverStalled('work', 1);
    expect(wire().takeWarnings()).toEqual([]);
  });

  it('a worker of BullMQ that comes later is known by the jobs that it holds', async () => {
    const app = await wire().app(work);
    const queue = wire().queue('work');
    await wire().end(await queue.add('run', {}));
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const theirs: unknown[] = [];
    wire().worker(
      'work',
      ({ id }) => {
        theirs.push(id);
        return released;
      },
      { concurrency: 10 },
    );
    while (theirs.length === 0) await queue.add('run', {});
    await app.engine.recoverStalled('work', 1);
    expect(wire().takeWarnings()).toEqual([warning]);
    release();
  });

  it('neither QueueEvents, nor workers of other queues, nor other processes of this side are taken for one', async () => {
    wire().ears('work');
    const other = wire().worker('other', async () => 'theirs');
    await other.waitUntilReady();
    await Promise.all([wire().app(work), wire().app(work)]);
    await wire().end(await wire().queue('work').add('run', {}));
    expect(wire().takeWarnings()).toEqual([]);
  });
});
