import { LeaseLostError } from '../../src/errors.js';
import { jobs, lockDuration, next, outcome, type Bench } from './bench.js';

/** Calls on a job that an activation may make, beside its writes. */
export function byHandContract(bench: Bench): void {
  const calls = {
    updateData: (id: string, token?: string) => bench.engine.updateData(jobs, id, '"new"', token),
    updateProgress: (id: string, token?: string) => bench.engine.updateProgress(jobs, id, '"new"', token),
    log: (id: string, token?: string) => bench.engine.log(jobs, id, 'row', undefined, token),
  } as const;

  describe.each(Object.keys(calls) as (keyof typeof calls)[])('%s by an activation', (name) => {
    const call = calls[name];

    it('W1: is refused while another holds the job, and changes nothing', async () => {
      const stale = await bench.begin();
      await bench.advance(1.5 * lockDuration);
      await bench.engine.recoverStalled(jobs, 1);
      const holder = await bench.claim();
      const before = await bench.seen(stale.job.id);
      await expect(outcome(() => call(stale.job.id, stale.lease.token))).rejects.toThrow(LeaseLostError);
      expect(await bench.seen(stale.job.id)).toEqual(before);
      await call(stale.job.id, holder.lease.token);
      await call(stale.job.id);
      expect(await bench.seen(stale.job.id)).not.toEqual(before);
      await bench.engine.checkpoint(holder.lease, next(holder)); // it is no write
    });

    it('is taken after it has let the job go, while nobody holds it', async () => {
      const claimed = await bench.begin();
      await bench.engine.moveToDelayed(claimed.lease, next(claimed), bench.engine.clock.now() + 60_000);
      const before = await bench.seen(claimed.job.id);
      await call(claimed.job.id, claimed.lease.token);
      expect(await bench.seen(claimed.job.id)).not.toEqual(before);
      expect(await bench.stateOf(claimed.job.id)).toBe('delayed');
    });
  });

  it.each(['updateData', 'updateProgress'] as const)('A3: stalls count anew with %s by an activation', async (name) => {
    const id = await bench.add();
    for (let life = 1; life <= 3; life++) {
      const claimed = await bench.claim();
      await calls[name](id, claimed.lease.token);
      await bench.advance(1.5 * lockDuration);
      expect((await bench.engine.recoverStalled(jobs, 1)).recovered).toEqual([{ jobId: id, to: 'waiting' }]);
    }
    expect(await bench.job(id)).toMatchObject({ stalledCounter: 3 });
  });

  it.each(['updateData', 'updateProgress'] as const)(
    'A3: stalls go on with %s of one that lost the job',
    async (name) => {
      const stale = await bench.begin();
      await bench.advance(1.5 * lockDuration);
      await bench.engine.recoverStalled(jobs, 1);
      await calls[name](stale.job.id, stale.lease.token);
      await bench.claim();
      await bench.advance(1.5 * lockDuration);
      const recovered = [{ jobId: stale.job.id, to: 'failed' }];
      expect((await bench.engine.recoverStalled(jobs, 1)).recovered).toEqual(recovered);
    },
  );

  describe('updateProgress', () => {
    it('replaces the progress, in whatever state the job is, and tells it', async () => {
      const id = await bench.add();
      const heard = bench.listen();
      expect(await bench.engine.updateProgress(jobs, id, '1')).toBe(true);
      expect(await bench.engine.updateProgress(jobs, id, '{"at":2}')).toBe(true);
      expect(await bench.job(id)).toMatchObject({ state: 'waiting', progress: '{"at":2}' });
      expect(await heard.all()).toMatchObject([
        { type: 'progress', jobId: id, data: '1' },
        { type: 'progress', jobId: id, data: '{"at":2}' },
      ]);
    });

    it('answers whether there is such a job', async () => {
      const heard = bench.listen();
      expect(await bench.engine.updateProgress(jobs, 'nobody', '1')).toBe(false);
      expect(await bench.engine.get(jobs, 'nobody')).toBeUndefined();
      expect(await heard.all()).toEqual([]);
    });
  });

  describe('a write without a cursor', () => {
    it('is numbered, and leaves no checkpoint', async () => {
      const claimed = await bench.begin();
      expect(claimed.job.seq).toBe(0);
      await bench.engine.checkpoint(claimed.lease, { seq: 1, progress: '1' });
      expect(await bench.job(claimed.job.id)).toMatchObject({ seq: 1, checkpoint: undefined, progress: '1' });
      await expect(outcome(() => bench.engine.checkpoint(claimed.lease, { seq: 3 }))).rejects.toThrow(LeaseLostError);
      await bench.engine.release(claimed.lease, { seq: 2 });
      const again = await bench.claim();
      expect(again.job).toMatchObject({ seq: 2, checkpoint: undefined });
      await bench.engine.complete(again.lease, { seq: 3 }, '"done"', 0);
      expect(await bench.job(claimed.job.id)).toMatchObject({ seq: 0, checkpoint: undefined, returnvalue: '"done"' });
    });

    it('sends the job to the tail when it is due: it has not begun', async () => {
      const claimed = await bench.begin();
      await bench.engine.moveToDelayed(claimed.lease, { seq: 1 }, bench.engine.clock.now() + 100);
      const waiting = await bench.add();
      await bench.advance(500);
      expect(await bench.claimIds()).toEqual([waiting, claimed.job.id]);
    });
  });
}
