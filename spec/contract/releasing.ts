import { next, type Bench } from './bench.js';

export function releasingContract(bench: Bench): void {
  describe('release', () => {
    it('W4: saves, and puts the job back before the others', async () => {
      const claimed = await bench.begin();
      const waiting = await bench.add();
      const lifo = await bench.add({ lifo: true });
      const heard = bench.listen();
      const fields = new Map([['f', '1']]);
      await bench.engine.release(claimed.lease, next(claimed, { fields, progress: '1' }));
      expect(await bench.job(claimed.job.id)).toMatchObject({
        state: 'waiting',
        progress: '1',
        checkpoint: { seq: 1, cursor: 'begun', fields },
      });
      expect(await heard.all()).toMatchObject([{ type: 'progress' }, { type: 'waiting', prev: 'active' }]);
      expect(await bench.claimIds()).toEqual([claimed.job.id, lifo, waiting]);
    });

    it('W4: counts no attempt and no stall', async () => {
      const claimed = await bench.begin();
      await bench.engine.release(claimed.lease, next(claimed));
      expect((await bench.claim()).job).toMatchObject({ attemptsMade: 0, attemptsStarted: 2, stalledCounter: 0 });
    });
  });
}
