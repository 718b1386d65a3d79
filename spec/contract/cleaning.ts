import { LeaseLostError } from '../../src/errors.js';
import { child, failure, jobs, kids, lockDuration, next, outcome, type Bench } from './bench.js';

export function cleaningContract(bench: Bench): void {
  const finish = async (how: 'complete' | 'fail'): Promise<string> => bench[how](await bench.begin());

  describe('clean', () => {
    it('removes finished jobs of one kind that are older, the oldest first, and answers their ids', async () => {
      const [failed, first] = [await finish('fail'), await finish('complete')];
      await bench.advance(1_000);
      const second = await finish('complete');
      await bench.advance(1_000);
      const third = await finish('complete');
      expect(await bench.engine.clean(jobs, 'completed', 5_000, 10)).toEqual([]);
      expect(await bench.engine.clean(jobs, 'completed', 500, 1)).toEqual([first]);
      expect(await bench.engine.clean(jobs, 'completed', 500, 10)).toEqual([second]);
      expect(await bench.stateOf(first)).toBeUndefined();
      expect(await bench.stateOf(third)).toBe('completed');
      expect(await bench.engine.clean(jobs, 'failed', 500, 10)).toEqual([failed]);
    });

    it.each([
      ['waiting', {}],
      ['prioritized', { priority: 3 }],
      ['delayed', { delay: 60_000 }],
    ] as const)('removes %s jobs that were added before, the oldest first', async (state, opts) => {
      const now = Math.floor(bench.engine.clock.now());
      const [first, second, young] = [
        await bench.add(opts, { timestamp: now - 20_000 }),
        await bench.add(opts, { timestamp: now - 10_000 }),
        await bench.add(opts, { timestamp: now }),
      ];
      expect(await bench.engine.clean(jobs, state, 30_000, 10)).toEqual([]);
      expect(await bench.engine.clean(jobs, state, 5_000, 1)).toEqual([first]);
      expect(await bench.engine.clean(jobs, state, 5_000, 10)).toEqual([second]);
      expect(await bench.stateOf(first)).toBeUndefined();
      expect((await bench.engine.list(jobs, state)).map(({ id }) => id)).toEqual([young]);
    });

    it('removes parked jobs that came to wait before', async () => {
      const first = await bench.waitingParent(['a']);
      await bench.advance(1_000);
      const second = await bench.waitingParent(['b']);
      expect(await bench.engine.clean(jobs, 'waiting-children', 500, 10)).toEqual([first]);
      expect(await bench.stateOf(first)).toBeUndefined();
      expect(await bench.stateOf(second)).toBe('waiting-children');
      await bench.completeChild(); // its parent is gone
      expect(await bench.claimIds()).toEqual([]);
    });

    it('removes active jobs that nobody holds any more', async () => {
      const dead = await bench.begin();
      const alive = await bench.begin();
      await bench.engine.renew([alive.lease], 10 * lockDuration);
      await bench.advance(1.5 * lockDuration);
      expect(await bench.engine.clean(jobs, 'active', 500, 10)).toEqual([dead.job.id]);
      expect(await bench.engine.recoverStalled(jobs, 1)).toEqual(bench.recovery(true));
      await bench.complete(alive);
      const write = outcome(() => bench.engine.checkpoint(dead.lease, next(dead)));
      await expect(write).rejects.toThrow(LeaseLostError);
    });

    it('C4: tells the parents of those that it removes', async () => {
      const parent = await bench.waitingParent(['a', 'b'], 'ignore');
      await bench.advance(1_000);
      expect(await bench.engine.clean(kids, 'waiting', -60_000, 10)).toHaveLength(2);
      expect(await bench.claimIds()).toEqual([parent]);
    });

    it('C4: tells the parent that waits for a child that has failed', async () => {
      const parent = await bench.waitingParent(['a'], 'wait');
      await bench.failChild();
      await bench.advance(1_000);
      expect(await bench.engine.clean(kids, 'failed', 500, 10)).toEqual(['a']);
      expect(await bench.claimIds()).toEqual([parent]);
    });

    it('frees the places of deduplications', async () => {
      const deduplication = { id: 'd' };
      const id = await bench.add({ deduplication }, { timestamp: 1_000 });
      expect(await bench.engine.clean(jobs, 'waiting', 500, 10)).toEqual([id]);
      expect(await bench.add({ jobId: 'new', deduplication })).toBe('new');
    });

    it('removes the logs', async () => {
      await bench.add({ jobId: 'a' }, { timestamp: 1_000 });
      await bench.engine.log(jobs, 'a', 'row');
      await bench.engine.clean(jobs, 'waiting', 500, 10);
      await bench.add({ jobId: 'a' });
      expect(await bench.engine.logs(jobs, 'a')).toEqual({ logs: [], count: 0 });
    });

    it('tells how many were removed', async () => {
      for (let times = 0; times < 2; times++) await finish('complete');
      await bench.advance(1_000);
      const heard = bench.listen();
      await bench.engine.clean(jobs, 'completed', 500, 10);
      expect(await heard.everything()).toMatchObject([{ type: 'cleaned', jobId: '', count: 2 }]);
    });
  });

  describe('drain', () => {
    const fill = async () => ({
      active: await bench.begin(),
      completed: await finish('complete'),
      waiting: await bench.add(),
      prioritized: await bench.add({ priority: 3 }),
      delayed: await bench.add({ delay: 60_000 }),
    });

    it('removes the jobs that wait, and no others', async () => {
      const { active, completed, delayed } = await fill();
      await bench.engine.drain(jobs, false);
      expect(await bench.engine.counts(jobs)).toMatchObject({ waiting: 0, prioritized: 0, delayed: 1, active: 1 });
      expect(await bench.claimIds()).toEqual([]);
      expect(await bench.stateOf(completed)).toBe('completed');
      expect(await bench.stateOf(delayed)).toBe('delayed');
      await bench.complete(active);
    });

    it('removes those that are delayed, too, if it is to', async () => {
      const { active, delayed } = await fill();
      await bench.engine.drain(jobs, true);
      expect(await bench.engine.counts(jobs)).toMatchObject({ waiting: 0, prioritized: 0, delayed: 0, completed: 1 });
      expect(await bench.engine.get(jobs, delayed)).toBeUndefined();
      await bench.complete(active);
    });

    it('C4: tells the parents, and frees the places of deduplications', async () => {
      const parent = await bench.waitingParent(['a'], 'ignore');
      await bench.add({ deduplication: { id: 'd' } }, { queue: kids });
      await bench.engine.drain(kids, false);
      expect(await bench.claimIds()).toEqual([parent]);
      expect(await bench.engine.deduplicationJob(kids, 'd')).toBeUndefined();
    });
  });

  describe('obliterate', () => {
    it('leaves a queue that is not paused', async () => {
      const id = await bench.add();
      expect(await bench.engine.obliterate(jobs, true)).toBe('not-paused');
      expect(await bench.claimIds()).toEqual([id]);
    });

    it('leaves a queue with an active job, unless it is forced to', async () => {
      const claimed = await bench.begin();
      await bench.add();
      await bench.engine.pause(jobs);
      expect(await bench.engine.obliterate(jobs, false)).toBe('active');
      expect((await bench.engine.counts(jobs)).waiting).toBe(1);
      await bench.engine.checkpoint(claimed.lease, next(claimed));
      expect(await bench.engine.obliterate(jobs, true)).toBe('obliterated');
      expect(Object.values(await bench.engine.counts(jobs))).toEqual([0, 0, 0, 0, 0, 0, 0]);
      const write = outcome(() => bench.engine.checkpoint(claimed.lease, { seq: 2 }));
      await expect(write).rejects.toThrow(LeaseLostError);
    });

    it('removes all jobs, and what the queue was', async () => {
      const parent = await bench.waitingParent(['a']);
      const ids = [await finish('complete'), await finish('fail'), parent];
      ids.push(await bench.add(), await bench.add({ priority: 1 }), await bench.add({ delay: 60_000 }));
      await bench.engine.log(jobs, ids[0]!, 'row');
      await bench.engine.setConcurrency(jobs, 5);
      await bench.engine.upsertScheduler(jobs, { id: 's', repeat: { every: 60_000 }, name: 'j', data: '1', opts: {} });
      await bench.engine.pause(jobs);
      expect(await bench.engine.obliterate(jobs, false)).toBe('obliterated');
      for (const id of ids) expect(await bench.engine.get(jobs, id)).toBeUndefined();
      expect(Object.values(await bench.engine.counts(jobs))).toEqual([0, 0, 0, 0, 0, 0, 0]);
      expect(await bench.engine.schedulerCount(jobs)).toBe(0);
      expect(await bench.engine.settings(jobs)).toMatchObject({ paused: false, concurrency: undefined });
      expect(await bench.add()).toBe('1');
      expect(await bench.engine.logs(jobs, '1')).toEqual({ logs: [], count: 0 });
      expect(await bench.claimIds()).toEqual(['1']);
    });

    it('C4: tells the parents', async () => {
      const parent = await bench.waitingParent(['a'], 'ignore');
      await bench.engine.pause(kids);
      expect(await bench.engine.obliterate(kids, false)).toBe('obliterated');
      expect(await bench.claimIds()).toEqual([parent]);
    });

    it('leaves other queues alone', async () => {
      const other = await bench.add({}, { queue: 'others' });
      await bench.engine.pause(jobs);
      await bench.engine.obliterate(jobs, false);
      expect(await bench.claimIds('others')).toEqual([other]);
    });
  });

  describe('what is known of a child that has finished', () => {
    it('stays when the child is cleaned', async () => {
      const parent = await bench.begin();
      const added = [child(parent.job.id, 'a'), child(parent.job.id, 'b')];
      await bench.engine.checkpoint(parent.lease, next(parent, { children: added }));
      await bench.completeChild('1');
      const claimed = await bench.claim(kids);
      await bench.engine.fail(claimed.lease, next(claimed), failure('no luck'));
      await bench.advance(500);
      expect(await bench.engine.clean(kids, 'completed', 100, 10)).toEqual(['a']);
      expect(await bench.engine.clean(kids, 'failed', 100, 10)).toEqual(['b']);
      expect(await bench.engine.children(jobs, parent.job.id)).toMatchObject([
        { id: 'a', status: 'completed', value: '1' },
        { id: 'b', status: 'failed', reason: 'no luck' },
      ]);
    });
  });
}
