import { failure, jobs, lockDuration, next, type Bench } from './bench.js';

export function claimingContract(bench: Bench): void {
  describe('claim', () => {
    it('takes jobs in the order in which they came', async () => {
      const ids = await bench.addMany(12); // past 9, an order by name would show
      expect(await bench.claimIds()).toEqual(ids);
    });

    it('takes lifo jobs first, the last of them before the others', async () => {
      const plain = await bench.add();
      const lifo = [await bench.add({ lifo: true }), await bench.add({ lifo: true })];
      expect(await bench.claimIds()).toEqual([lifo[1], lifo[0], plain]);
    });

    it('takes jobs without priority first, then by priority from 1 up, then in the order in which they came', async () => {
      const priorities = [10, 2, 0, 2_097_151, 2, 0, 1];
      for (const [index, priority] of priorities.entries())
        await bench.add({ priority, jobId: `${index}-${priority}` });
      expect(await bench.claimIds()).toEqual(['2-0', '5-0', '6-1', '1-2', '4-2', '0-10', '3-2097151']);
    });

    it('W7: takes as many as the limit says, in one call, and leaves the others', async () => {
      const ids = await bench.addMany(5);
      expect((await bench.claimUpTo(3)).map(({ job }) => job.id)).toEqual(ids.slice(0, 3));
      expect(await bench.stateOf(ids[3]!)).toBe('waiting');
      expect((await bench.claimUpTo(3)).map(({ job }) => job.id)).toEqual(ids.slice(3));
      expect(await bench.claimUpTo(3)).toEqual([]);
    });

    it('takes nothing for a limit of 0', async () => {
      const id = await bench.add();
      expect(await bench.claimUpTo(0)).toEqual([]);
      expect(await bench.stateOf(id)).toBe('waiting');
    });

    it('never takes a job of another queue', async () => {
      await bench.add({}, { queue: 'others' });
      expect(await bench.claimUpTo(3)).toEqual([]);
      expect(await bench.claimUpTo(3, 'others')).toHaveLength(1);
    });

    it('I5: gives a job to one of those who claim at the same time', async () => {
      const ids = await bench.addMany(5);
      const claims = await Promise.all([1, 2, 3].map(() => bench.claimUpTo(2)));
      expect(claims.flat().map(({ job }) => job.id)).toEqual(ids);
    });

    it('answers the job as it is now: active, with its checkpoint, and started once more', async () => {
      const first = await bench.begin();
      const fields = new Map([['g:0', 'x']]);
      await bench.engine.release(first.lease, next(first, { cursor: 'second', fields }));
      const from = Math.floor(bench.engine.clock.now());
      const { job, lease } = await bench.claim();
      expect(lease).toMatchObject({ queue: jobs, jobId: job.id });
      expect(job).toEqual(await bench.job(job.id));
      expect(job).toMatchObject({ state: 'active', attemptsStarted: 2, attemptsMade: 0 });
      expect(job.checkpoint).toEqual({ seq: 1, cursor: 'second', fields });
      expect(job.processedOn).toBeGreaterThanOrEqual(from);
      expect(job.processedOn).toBeLessThanOrEqual(bench.engine.clock.now());
    });

    it('answers a record of its own, which later writes leave as it is', async () => {
      const { lease } = await bench.begin();
      await bench.engine.release(lease, { seq: 1, cursor: 'a', fields: new Map([['f', '1']]) });
      const claimed = await bench.claim();
      await bench.engine.checkpoint(claimed.lease, {
        seq: 2,
        cursor: 'b',
        fields: new Map([['f', '2']]),
        progress: '5',
      });
      expect(claimed.job.checkpoint).toEqual({ seq: 1, cursor: 'a', fields: new Map([['f', '1']]) });
      expect(claimed.job.progress).toBeUndefined();
    });

    it('W1: makes a new token for each activation', async () => {
      const ids = await bench.addMany(3);
      const tokens = new Set<string>();
      for (let round = 0; round < 3; round++) {
        for (const claimed of await bench.claimUpTo(3)) {
          tokens.add(claimed.lease.token);
          await bench.engine.release(claimed.lease, next(claimed));
        }
      }
      expect(tokens.size).toBe(3 * ids.length);
    });

    it('takes a job that is due, though nobody watches the queue', async () => {
      const id = await bench.add({ delay: 1_000 });
      await bench.advance(500);
      expect(await bench.claimIds()).toEqual([]);
      await bench.advance(1_000);
      const heard = bench.listen();
      expect(await bench.claimIds()).toEqual([id]);
      expect(await heard.all()).toMatchObject([{ type: 'waiting', prev: 'delayed' }, { type: 'active' }]);
      expect((await bench.job(id)).due).toBeUndefined();
    });

    it('puts due jobs that have not begun behind those that wait, by their due times', async () => {
      const late = await bench.add({ delay: 1_000 });
      const early = await bench.add({ delay: 500 });
      const waiting = await bench.add();
      await bench.advance(1_500);
      expect(await bench.claimIds()).toEqual([waiting, early, late]);
    });

    it('puts due jobs that have begun before those that wait, by their due times', async () => {
      const due = bench.engine.clock.now() + 500;
      const [late, early] = [await bench.begin(), await bench.begin()];
      await bench.engine.moveToDelayed(late.lease, next(late), due + 300);
      await bench.engine.moveToDelayed(early.lease, next(early), due);
      const waiting = await bench.add();
      await bench.advance(1_500);
      expect(await bench.claimIds()).toEqual([early.job.id, late.job.id, waiting]);
    });

    it('puts a resumed job with a priority first among its priority, no higher', async () => {
      const { lease, job } = await bench.begin({ priority: 5 });
      const [same, urgent] = [await bench.add({ priority: 5 }), await bench.add({ priority: 4 })];
      await bench.engine.release(lease, { seq: 1, cursor: 'a' });
      expect(await bench.stateOf(job.id)).toBe('prioritized');
      expect(await bench.claimIds()).toEqual([urgent, job.id, same]);
    });

    it('puts a woken parent before the jobs that wait', async () => {
      const parent = await bench.waitingParent(['kid']);
      const waiting = await bench.add();
      await bench.completeChild();
      expect(await bench.claimIds()).toEqual([parent, waiting]);
    });

    it('never takes a parked, failed or completed job', async () => {
      const { engine } = bench;
      await bench.waitingParent(['kid']);
      const delayed = await bench.begin();
      await engine.moveToDelayed(delayed.lease, next(delayed), engine.clock.now() + 60_000);
      const failed = await bench.begin();
      await engine.fail(failed.lease, next(failed), failure());
      const completed = await bench.begin();
      await engine.complete(completed.lease, next(completed), undefined, 0);
      await bench.advance(2 * lockDuration);
      await engine.recoverStalled(jobs, 5);
      expect(await bench.claimIds()).toEqual([]);
    });
  });
}
