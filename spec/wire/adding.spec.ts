import type { ChildFailurePolicy, JobOptions, NewJob } from '../../src/engine/records.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

function job(id: string, data: unknown, opts: JobOptions = {}, more: Partial<NewJob> = {}): NewJob {
  return { queue: 'work', name: 'run', data: JSON.stringify(data), opts, timestamp: Date.now(), id, ...more };
}

describe.each(bullmqVersions)("what is added here runs on BullMQ %s's workers", (_version, bullmq) => {
  const wire = useWire(bullmq);

  const flow = (onFailure: ChildFailurePolicy): readonly NewJob[] => [
    job('root', 'root', { attempts: 1 }, { hasChildren: true }),
    ...['good', 'bad'].map((each) =>
      job(each, each, {}, { queue: 'kids', parent: { queue: 'work', id: 'root', onFailure } }),
    ),
  ];

  /** Runs a flow, the children one after the other; answers what its root was told of them. */
  async function run(onFailure: ChildFailurePolicy): Promise<readonly unknown[]> {
    const kids = wire().ears('kids');
    await (await wire().app()).engine.add(flow(onFailure));
    const told: unknown[] = [];
    wire().worker('work', async (root) =>
      told.push(await root.getChildrenValues(), await root.getIgnoredChildrenFailures()),
    );
    wire().worker('kids', async ({ data }) => {
      if (data === 'bad') throw new Error('broken');
      return `${data} is done`;
    });
    await kids.until('failed', 'bad');
    return told;
  }

  const done = { 'bull:kids:good': 'good is done' };
  const failed = { 'bull:kids:bad': 'broken' };

  it.each([
    ['fail', 'failed', []],
    ['continue', 'completed', [done, failed]],
    ['ignore', 'completed', [done, failed]],
    ['remove', 'completed', [done, {}]],
  ] as const)('a flow of whose children one fails, with %s: the root has %s', async (onFailure, end, seen) => {
    const ears = wire().ears('work');
    const told = await run(onFailure);
    await ears.until(end, 'root');
    expect(told).toEqual(seen);
  });

  it('a flow of whose children one fails, with wait: the root waits until that is retried', async () => {
    const told = await run('wait');
    const [queue, kids, ears] = [wire().queue('work'), wire().queue('kids'), wire().ears('work')];
    await expect(queue.getJobState('root')).resolves.toBe('waiting-children');
    const [child] = await kids.getFailed();
    await child!.updateData('mended');
    await child!.retry();
    await ears.until('completed', 'root');
    expect(told).toEqual([{ ...done, 'bull:kids:bad': 'mended is done' }, {}]);
  });

  it('children that its clients have added are listed with what they do when they fail, be they kept or not', async () => {
    const app = await wire().app();
    const child = (jobId: string, opts: object) => ({
      name: 'run',
      queueName: 'kids',
      opts: { jobId, removeOnFail: true, ...opts },
    });
    await wire()
      .flow()
      .add({
        name: 'run',
        queueName: 'work',
        opts: { jobId: 'root' },
        children: [
          child('a', { failParentOnFailure: true }),
          child('b', { continueParentOnFailure: true }),
          child('c', { ignoreDependencyOnFailure: true }),
          child('d', { removeDependencyOnFailure: true }),
          child('e', { removeOnFail: false }),
        ],
      });
    const policies = async () =>
      (await app.engine.children('work', 'root')).map(({ id, onFailure }) => [id, onFailure]);
    await expect(policies()).resolves.toEqual([
      ['a', 'fail'],
      ['b', 'continue'],
      ['c', 'ignore'],
      ['d', 'remove'],
      ['e', 'wait'],
    ]);
    const kids = wire().ears('kids');
    wire().worker('kids', async () => {
      throw new Error('broken');
    });
    await kids.until('failed', undefined, 5);
    await expect(policies()).resolves.toEqual([
      ['a', 'fail'],
      ['b', 'ignore'], // it can't be told any more
      ['c', 'ignore'],
      ['e', 'wait'],
    ]);
  });

  it.each([
    ['data', '"last"', 'last'],
    ['no data', undefined, {}],
  ])('the last job that was turned away while theirs was active follows it: with %s', async (_what, data, seen) => {
    const [app, ears] = [await wire().app(), wire().ears('work')];
    const deduplication = { id: 'once', keepLastIfActive: true };
    await app.engine.add([job('first', 'first', { deduplication })]);
    let release!: () => void;
    const released = new Promise<void>((resolve) => (release = resolve));
    const ran: unknown[] = [];
    wire().worker('work', async (each) => {
      ran.push(each.data);
      await released;
    });
    await ears.until('active', 'first');
    await expect(app.engine.add([job('lost', 'lost', { deduplication })])).resolves.toEqual(['first']);
    const last = { ...job('last', '', { deduplication, attempts: 2 }), data };
    await expect(app.engine.add([last])).resolves.toEqual(['first']);
    release();
    await ears.until('completed', 'last');
    expect(ran).toEqual(['first', seen]);
    await expect(app.engine.get('work', 'last')).resolves.toMatchObject({
      deduplicationId: 'once',
      opts: { attempts: 2 },
    });
    await expect(wire().redis.exists('bull:work:de:once', 'bull:work:dn:once')).resolves.toBe(0);
  });

  it('a place in a deduplication whose job is gone is given to the next', async () => {
    const app = await wire().app();
    await wire().redis.set('bull:work:de:once', 'gone');
    await wire().redis.hset('bull:work:dn:once', 'name', 'of somebody who is gone');
    const deduplication = { id: 'once' };
    await expect(app.engine.add([job('next', 1, { deduplication })])).resolves.toEqual(['next']);
    await expect(app.engine.add([job('other', 1, { deduplication })])).resolves.toEqual(['next']);
    await expect(wire().queue('work').add('run', 1, { deduplication })).resolves.toMatchObject({ id: 'next' });
    await expect(wire().redis.exists('bull:work:dn:once')).resolves.toBe(0);
  });
});
