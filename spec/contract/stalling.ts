import { jobs, kids, lockDuration, next, type Bench } from './bench.js';

export function stallingContract(bench: Bench): void {
  /** Claims the next job and lets its lease run out. */
  const stall = async (queue = jobs): Promise<void> => {
    await bench.claim(queue);
    await bench.advance(1.5 * lockDuration);
  };

  describe('recoverStalled', () => {
    it('W3: puts a job whose lease has run out back before the others, and counts a stall', async () => {
      const { job } = await bench.begin();
      const waiting = await bench.add();
      await bench.advance(1.5 * lockDuration);
      const heard = bench.listen();
      const { recovered } = await bench.engine.recoverStalled(jobs, 1);
      expect(recovered).toEqual([{ jobId: job.id, to: 'waiting' }]);
      expect(await bench.job(job.id)).toMatchObject({ state: 'waiting', stalledCounter: 1, attemptsMade: 0 });
      expect(await heard.all()).toMatchObject([
        { type: 'stalled', jobId: job.id },
        { type: 'waiting', jobId: job.id, prev: 'active' },
      ]);
      expect(await bench.claimIds()).toEqual([job.id, waiting]);
    });

    it('W3: takes a job over from its checkpoint', async () => {
      const dead = await bench.begin();
      const fields = new Map([['o:charge', '1']]);
      await bench.engine.checkpoint(dead.lease, next(dead, { cursor: 'ship', fields }));
      await bench.advance(1.5 * lockDuration);
      await bench.engine.recoverStalled(jobs, 1);
      expect((await bench.claim()).job.checkpoint).toEqual({ seq: 1, cursor: 'ship', fields });
    });

    it('leaves jobs alone whose lease holds, as long as it does', async () => {
      const dead = await bench.begin();
      const alive = await bench.begin();
      await bench.engine.renew([alive.lease], 10 * lockDuration);
      expect(await bench.engine.recoverStalled(jobs, 1)).toEqual(bench.recovery(true));
      await bench.advance(1.5 * lockDuration);
      expect((await bench.engine.recoverStalled(jobs, 1)).recovered).toEqual([{ jobId: dead.job.id, to: 'waiting' }]);
      await bench.engine.checkpoint(alive.lease, next(alive));
    });

    it('puts several back in the order in which they were taken', async () => {
      const ids = await bench.addMany(12);
      await bench.claimIds();
      await bench.advance(1.5 * lockDuration);
      const { recovered } = await bench.engine.recoverStalled(jobs, 1);
      expect(recovered.map(({ jobId }) => jobId).toSorted()).toEqual([...ids].toSorted());
      expect(await bench.claimIds()).toEqual(ids);
    });

    it('tells whether there is anything to look after: an active job', async () => {
      const { engine } = bench;
      expect(await engine.recoverStalled(jobs, 1)).toEqual(bench.recovery(false));
      const parked = await bench.begin();
      await engine.moveToDelayed(parked.lease, next(parked), engine.clock.now() + 60_000);
      expect(await engine.recoverStalled(jobs, 1)).toEqual(bench.recovery(false));
      await bench.begin();
      expect(await engine.recoverStalled(jobs, 1)).toEqual(bench.recovery(true));
      expect(await engine.recoverStalled('others', 1)).toEqual(bench.recovery(false));
    });

    it('recovers a job once, for those who look at the same time', async () => {
      await bench.begin();
      await bench.advance(1.5 * lockDuration);
      const looks = await Promise.all([1, 2].map(async () => bench.engine.recoverStalled(jobs, 1)));
      expect(looks.flatMap(({ recovered }) => recovered)).toHaveLength(1);
    });

    it('W3: fails a job that has stalled more often than it may', async () => {
      const id = await bench.add();
      for (let times = 1; times <= 2; times++) {
        await stall();
        expect((await bench.engine.recoverStalled(jobs, 2)).recovered).toEqual([{ jobId: id, to: 'waiting' }]);
      }
      await stall();
      const heard = bench.listen();
      expect(await bench.engine.recoverStalled(jobs, 2)).toEqual(bench.recovery(false, [{ jobId: id, to: 'failed' }]));
      const job = await bench.job(id);
      expect(job).toMatchObject({ state: 'failed', failedCode: 'JOB_STALLED', stalledCounter: 3, attemptsMade: 0 });
      expect(job.failedReason).toEqual(expect.stringContaining('stalled'));
      expect(job.finishedOn).toBeLessThanOrEqual(bench.engine.clock.now());
      expect(await heard.all()).toMatchObject([
        { type: 'stalled' },
        { type: 'failed', code: 'JOB_STALLED', reason: job.failedReason },
      ]);
    });

    it('fails a job at its first stall when it may not stall at all', async () => {
      await bench.begin();
      await bench.advance(1.5 * lockDuration);
      expect((await bench.engine.recoverStalled(jobs, 0)).recovered).toMatchObject([{ to: 'failed' }]);
    });

    it.each(['checkpoint', 'release', 'moveToDelayed'] as const)(
      'A3: counts stalls since the last write: %s',
      async (kind) => {
        const id = await bench.add();
        for (let life = 1; life <= 4; life++) {
          await stall();
          expect((await bench.engine.recoverStalled(jobs, 1)).recovered).toMatchObject([{ to: 'waiting' }]);
          const claimed = await bench.claim();
          await bench.engine[kind](claimed.lease, next(claimed), bench.engine.clock.now());
          if (kind === 'checkpoint') await bench.engine.release(claimed.lease, { seq: next(claimed).seq + 1 });
        }
        expect(await bench.job(id)).toMatchObject({
          stalledCounter: 4,
          state: kind === 'moveToDelayed' ? 'delayed' : 'waiting',
        });
      },
    );

    it('C4: wakes the parent of a child that fails of it', async () => {
      const parent = await bench.waitingParent(['k-0', 'k-1']);
      await stall(kids);
      await bench.engine.recoverStalled(kids, 0);
      expect(await bench.stateOf(parent)).toBe('waiting');
      expect(await bench.engine.children(jobs, parent)).toMatchObject([
        { status: 'failed', reason: expect.stringContaining('stalled') },
        { status: 'pending' },
      ]);
    });

    it('does not keep a job that fails of it when removeOnFail says so', async () => {
      const { job } = await bench.begin({ removeOnFail: true });
      await bench.advance(1.5 * lockDuration);
      await bench.engine.recoverStalled(jobs, 0);
      expect(await bench.stateOf(job.id)).toBeUndefined();
    });
  });
}
