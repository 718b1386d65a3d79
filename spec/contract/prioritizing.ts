import { jobs, next, type Bench } from './bench.js';

export function priorityContract(bench: Bench): void {
  describe('changePriority', () => {
    it('moves a job that is ready: last among its likes', async () => {
      for (const [jobId, priority] of Object.entries({ a: 0, b: 0, c: 5, d: 5, e: 9 }))
        await bench.add({ jobId, priority });
      expect(await bench.engine.changePriority(jobs, 'a', 5, false)).toBe(true);
      expect(await bench.job('a')).toMatchObject({ state: 'prioritized', priority: 5 });
      expect(await bench.engine.changePriority(jobs, 'e', 0, false)).toBe(true);
      expect(await bench.job('e')).toMatchObject({ state: 'waiting', priority: 0 });
      expect(await bench.claimIds()).toEqual(['b', 'e', 'c', 'd', 'a']);
    });

    it('moves a job that is ready: first among its likes, with lifo', async () => {
      for (const [jobId, priority] of Object.entries({ a: 0, b: 0, c: 5, d: 5, e: 9 }))
        await bench.add({ jobId, priority });
      await bench.engine.changePriority(jobs, 'a', 5, true);
      await bench.engine.changePriority(jobs, 'e', 0, true);
      expect(await bench.claimIds()).toEqual(['e', 'b', 'a', 'c', 'd']);
    });

    it('counts for a delayed job when it is due', async () => {
      const id = await bench.add({ delay: 500 });
      await bench.engine.changePriority(jobs, id, 5, false);
      expect(await bench.job(id)).toMatchObject({ state: 'delayed', priority: 5 });
      await bench.advance(1_000);
      const first = await bench.add({ priority: 3 });
      expect(await bench.claimIds()).toEqual([first, id]);
    });

    it('counts for an active job when it is put back', async () => {
      const claimed = await bench.begin();
      await bench.engine.changePriority(jobs, claimed.job.id, 5, false);
      expect(await bench.job(claimed.job.id)).toMatchObject({ state: 'active', priority: 5 });
      await bench.engine.release(claimed.lease, next(claimed));
      const first = await bench.add();
      expect(await bench.stateOf(claimed.job.id)).toBe('prioritized');
      expect(await bench.claimIds()).toEqual([first, claimed.job.id]);
    });

    it('answers whether there is such a job', async () => {
      expect(await bench.engine.changePriority(jobs, 'nobody', 5, false)).toBe(false);
      expect(await bench.engine.get(jobs, 'nobody')).toBeUndefined();
      const done = await bench.complete(await bench.begin());
      expect(await bench.engine.changePriority(jobs, done, 5, false)).toBe(true);
      expect(await bench.job(done)).toMatchObject({ state: 'completed', priority: 5 });
    });
  });

  describe('countsPerPriority', () => {
    it('counts the waiting jobs of each priority', async () => {
      for (const priority of [0, 0, 5, 5, 5, 7]) await bench.add({ priority });
      await bench.add({ priority: 5, delay: 60_000 });
      expect(await bench.engine.countsPerPriority(jobs, [7, 0, 1, 5])).toEqual([1, 2, 0, 3]);
      await bench.engine.changePriority(jobs, '6', 1, false);
      expect(await bench.engine.countsPerPriority(jobs, [7, 1])).toEqual([0, 1]);
      expect(await bench.engine.countsPerPriority('nowhere', [0, 1])).toEqual([0, 0]);
    });
  });
}
