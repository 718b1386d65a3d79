import type { JobState } from '../../src/engine/records.js';
import { children, failure, jobs, next, type Bench } from './bench.js';

export function surveyingContract(bench: Bench): void {
  describe('pause', () => {
    it('keeps claims from finding jobs; active ones go on', async () => {
      const claimed = await bench.begin();
      await bench.add({ delay: 100 });
      await bench.engine.pause(jobs);
      await bench.add();
      await bench.advance(200);
      expect(await bench.claimIds()).toEqual([]);
      expect(await bench.engine.complete(claimed.lease, next(claimed), undefined, 0)).toBe('completed');
      const other = await bench.add({}, { queue: 'others' });
      expect(await bench.claimIds('others')).toEqual([other]);
    });

    it('ends with resume, which wakes those who watch', async () => {
      await bench.engine.pause(jobs);
      const id = await bench.add();
      const watching = bench.watch();
      await bench.advance(100); // it may be woken in vain
      const before = watching.times;
      await bench.engine.resume(jobs);
      await watching.woken(before);
      expect(await bench.claimIds()).toEqual([id]);
    });
  });

  describe('queues', () => {
    it('names each queue that has jobs, once, in alphabetical order', async () => {
      expect(await bench.engine.queues()).toEqual([]);
      for (const queue of ['b', 'a', 'b', 'c/d']) await bench.add({}, { queue });
      await bench.add({ jobId: 'meta-data' }, { queue: 'a' });
      expect(await bench.engine.queues()).toEqual(['a', 'b', 'c/d']);
    });
  });

  describe('counts and list', () => {
    it('I6: a job is counted, and listed, in one state', async () => {
      const parent = await bench.begin();
      const write = next(parent, { children: children(parent.job.id, ['k-0']) });
      await bench.engine.moveToWaitingChildren(parent.lease, write, { groups: ['gate'] });
      const completed = await bench.begin();
      await bench.engine.complete(completed.lease, next(completed), undefined, 0);
      const failed = await bench.begin();
      await bench.engine.fail(failed.lease, next(failed), failure());
      const active = await bench.begin();
      const ids = {
        active: active.job.id,
        'waiting-children': parent.job.id,
        completed: completed.job.id,
        failed: failed.job.id,
        delayed: await bench.add({ delay: 60_000 }),
        prioritized: await bench.add({ priority: 1 }),
        waiting: await bench.add(),
      } as const;
      const counts = await bench.engine.counts(jobs);
      expect(counts).toEqual(Object.fromEntries(Object.keys(ids).map((state) => [state, 1])));
      for (const [state, id] of Object.entries(ids)) {
        const listed = await bench.engine.list(jobs, state as keyof typeof ids);
        expect(listed).toEqual([await bench.job(id)]);
      }
    });

    it('counts and lists nothing in a queue that is not there', async () => {
      expect(Object.values(await bench.engine.counts('nowhere'))).toEqual([0, 0, 0, 0, 0, 0, 0]);
      expect(await bench.engine.list('nowhere', 'waiting')).toEqual([]);
    });

    it('lists those first that run next', async () => {
      for (const jobId of ['a', 'b']) await bench.add({ jobId });
      await bench.add({ jobId: 'head', lifo: true });
      for (const [jobId, priority] of [
        ['low', 9],
        ['high', 1],
      ] as const)
        await bench.add({ jobId, priority });
      for (const [jobId, delay] of [
        ['late', 90_000],
        ['early', 60_000],
      ] as const)
        await bench.add({ jobId, delay });
      const idsOf = async (state: 'waiting' | 'prioritized' | 'delayed') =>
        (await bench.engine.list(jobs, state)).map(({ id }) => id);
      expect(await idsOf('waiting')).toEqual(['head', 'a', 'b']);
      expect(await idsOf('prioritized')).toEqual(['high', 'low']);
      expect(await idsOf('delayed')).toEqual(['early', 'late']);
    });

    it('lists active jobs as they were taken', async () => {
      await bench.add({ jobId: 'a' });
      await bench.add({ jobId: 'b', lifo: true });
      await bench.claim();
      await bench.claim();
      expect((await bench.engine.list(jobs, 'active')).map(({ id }) => id)).toEqual(['b', 'a']);
    });

    it('lists finished jobs from the newest', async () => {
      await bench.addMany(3);
      const claims = await bench.claimUpTo(3);
      for (const claimed of [claims[1]!, claims[2]!, claims[0]!]) {
        await bench.advance(50);
        await bench.engine.complete(claimed.lease, next(claimed), undefined, 0);
      }
      expect((await bench.engine.list(jobs, 'completed')).map(({ id }) => id)).toEqual(['1', '3', '2']);
    });

    it('lists all of it from the other end, if it is to', async () => {
      for (const jobId of ['a', 'b', 'c']) await bench.add({ jobId });
      for (const [jobId, priority] of Object.entries({ low: 9, high: 1 })) await bench.add({ jobId, priority });
      for (const [jobId, delay] of Object.entries({ late: 90_000, early: 60_000 })) await bench.add({ jobId, delay });
      const idsOf = async (state: JobState, start?: number, end?: number) =>
        (await bench.engine.list(jobs, state, start, end, true)).map(({ id }) => id);
      expect(await idsOf('waiting')).toEqual(['c', 'b', 'a']);
      expect(await idsOf('waiting', 0, 1)).toEqual(['c', 'b']);
      expect(await idsOf('waiting', 1, -1)).toEqual(['b', 'a']);
      expect(await idsOf('prioritized')).toEqual(['low', 'high']);
      expect(await idsOf('delayed')).toEqual(['late', 'early']);
      const claims = await bench.claimUpTo(3);
      expect(await idsOf('active')).toEqual((await bench.engine.list(jobs, 'active')).map(({ id }) => id).toReversed());
      for (const claimed of claims) await bench.complete(claimed);
      expect(await idsOf('completed')).toEqual(['a', 'b', 'c']);
      expect(await idsOf('completed', 0, 0)).toEqual(['a']);
    });

    it.each([
      [0, 0, ['1']],
      [0, 1, ['1', '2']],
      [1, 2, ['2', '3']],
      [3, -1, ['4', '5']],
      [0, -2, ['1', '2', '3', '4']],
      [4, 9, ['5']],
      [5, 9, []],
    ])('lists from %d to %d, the end included', async (start, end, expected) => {
      await bench.addMany(5);
      expect((await bench.engine.list(jobs, 'waiting', start, end)).map(({ id }) => id)).toEqual(expected);
    });
  });
}
