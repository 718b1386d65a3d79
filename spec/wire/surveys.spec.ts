import type { Claimed } from '../../src/engine/engine.js';
import type { EngineEvent } from '../../src/engine/records.js';
import { jobs, newJob, next } from '../contract/bench.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

describe.each(bullmqVersions)('what BullMQ %s and this side see of each other', (_version, bullmq) => {
  const wire = useWire(bullmq);
  const minute = 60_000;

  it('metrics: both count in the same hash and list, and read the same of it', async () => {
    const { engine } = await wire().app();
    const queue = wire().queue(jobs);
    const run = async (how: 'ours' | 'theirs', count: number): Promise<void> => {
      if (how === 'theirs') {
        const worker = wire().worker(jobs, async () => 'done', { metrics: { maxDataPoints: 5 } });
        const added = await queue.addBulk(Array.from({ length: count }, () => ({ name: 'job', data: 1 })));
        for (const job of added) await wire().end(job);
        await worker.close();
        return;
      }
      await engine.add(Array.from({ length: count }, () => newJob()));
      const finishing = { metrics: 5 };
      const claimed = await engine.claim(jobs, { limit: count, lockDuration: minute, finishing });
      await Promise.all(claimed.map(async (each) => engine.complete(each.lease, next(each), '1', 0)));
    };
    /** As if so many minutes had passed since the last job. */
    const pass = async (minutes: number): Promise<void> => {
      const last = Number(await wire().redis.hget(`bull:${jobs}:metrics:completed`, 'prevTS'));
      await wire().redis.hset(`bull:${jobs}:metrics:completed`, 'prevTS', last - minutes * minute);
    };
    const seen = async (): Promise<unknown> => {
      const theirs = await queue.getMetrics('completed');
      const { data, points, ...meta } = await engine.metrics(jobs, 'completed', 0, -1);
      expect({ meta, data, count: points }).toEqual(theirs);
      return [meta.count, meta.prevCount, data];
    };
    await run('ours', 3);
    await expect(seen()).resolves.toEqual([3, 0, []]);
    await pass(1);
    await run('theirs', 2);
    await expect(seen()).resolves.toEqual([5, 3, [3]]);
    await pass(3);
    await run('ours', 4);
    await expect(seen()).resolves.toEqual([9, 5, [0, 0, 2, 3]]);
    await pass(100);
    await run('theirs', 1);
    await expect(seen()).resolves.toEqual([10, 9, [0, 0, 0, 0, 4]]);
  });

  it('clients: workers of both kinds are found by both, and those that hear events', async () => {
    const { engine } = await wire().app();
    const queue = wire().queue(jobs);
    const stop = engine.watch(jobs, () => {});
    engine.watch('other', () => {});
    await engine.add([newJob()]);
    await engine.claim(jobs, { limit: 1, lockDuration: minute }); // it is connected
    await wire()
      .worker(jobs, async () => 'done', { name: 'ann' })
      .waitUntilReady();
    await wire()
      .worker(jobs, async () => 'done')
      .waitUntilReady();
    await wire()
      .worker('other', async () => 'done')
      .waitUntilReady();
    const theirs = await queue.getWorkers();
    const ours = await engine.clients(jobs, 'workers');
    const names = (clients: readonly Readonly<Record<string, string>>[]): readonly unknown[] =>
      clients.map(({ id, name, rawname, addr }) => [id, name, rawname, addr].join(' ')).toSorted(); // Redis' order changes
    expect(ours.length).toBeGreaterThanOrEqual(3);
    expect(names(ours)).toEqual(names(theirs as never));
    expect(ours.filter((client) => client['rawname']!.includes(':w:stepstream-'))).toHaveLength(1);
    expect(ours.filter((client) => client['rawname']!.endsWith(':w:ann')).length).toBeGreaterThan(0);
    await wire().ears(jobs).until('added');
    await expect(engine.clients(jobs, 'events')).resolves.toMatchObject([{ name: jobs }]);
    await expect(engine.clients('other', 'events')).resolves.toEqual([]);
    stop();
  });

  it('info: what Redis tells of itself', async () => {
    const { engine } = await wire().app();
    const serverOf = (info: string): unknown => info.match(/^(redis_version|run_id|tcp_port):.*$/gm);
    expect(serverOf((await engine.info())!)).toEqual(serverOf(await wire().redis.info()));
  });

  it('events: those after each one are told, be it heard here or by QueueEvents', async () => {
    const { engine } = await wire().app();
    const queue = wire().queue(jobs);
    await engine.add([newJob(), newJob({ delay: 1e9 })]);
    await engine.promote(jobs, '2');
    const claimed = await engine.claim(jobs, { limit: 2, lockDuration: minute });
    const complete = async (each: Claimed): Promise<unknown> =>
      engine.complete(each.lease, next(each, { progress: '1' }), '1', 0);
    await Promise.all(claimed.map(complete));
    await engine.pause(jobs);
    await engine.resume(jobs);
    await engine.clean(jobs, 'completed', -minute, 10);
    /** All that is told after an entry, until the mark. */
    const after = async (entry: string): Promise<readonly EngineEvent[]> => {
      const heard: EngineEvent[] = [];
      const marked = new Promise<void>((resolve) => {
        engine.events(
          jobs,
          (event) => {
            if (event.jobId === mark) resolve();
            else heard.push(event);
          },
          undefined,
          entry,
        );
      });
      await marked;
      return heard;
    };
    const mark = (await engine.add([newJob({ jobId: 'mark' })]))[0]!;
    const all = await after('0');
    expect(all.map(({ type, prev }) => [type, prev])).toEqual([
      ['added', undefined],
      ['waiting', undefined],
      ['added', undefined],
      ['delayed', undefined],
      ['waiting', 'delayed'],
      ['active', 'waiting'],
      ['active', 'waiting'],
      ['progress', undefined],
      ['completed', 'active'],
      ['progress', undefined],
      ['completed', 'active'],
      ['drained', undefined],
      ['paused', undefined],
      ['resumed', undefined],
      ['cleaned', undefined],
    ]);
    for (const [at, { entry }] of all.entries()) await expect(after(entry)).resolves.toEqual(all.slice(at + 1));
    const ids: string[] = [];
    const events = new bullmq.QueueEvents(jobs, { connection: queue.opts.connection, lastEventId: '0-0' });
    await new Promise<void>((resolve) => {
      events.on('active', (_args, id) => void ids.push(id));
      events.on('cleaned', () => resolve());
    });
    await events.close();
    await expect(after(ids[1]!)).resolves.toEqual(all.slice(7));
  });
});
