import { lockDuration, next, type Bench } from './bench.js';

export function delayingContract(bench: Bench): void {
  describe('moveToDelayed', () => {
    it('saves and parks in one', async () => {
      const claimed = await bench.begin();
      const due = Math.floor(bench.engine.clock.now()) + 60_000;
      const fields = new Map([['g:0', 'due']]);
      const heard = bench.listen();
      await bench.engine.moveToDelayed(claimed.lease, next(claimed, { cursor: 'a', fields, progress: '1' }), due);
      expect(await bench.job(claimed.job.id)).toMatchObject({
        state: 'delayed',
        due,
        progress: '1',
        checkpoint: { seq: 1, cursor: 'a', fields },
      });
      expect(await heard.all()).toMatchObject([{ type: 'progress' }, { type: 'delayed', due }]);
    });

    it('I8: lets the job be claimed when it is due, and not before', async () => {
      const claimed = await bench.begin();
      await bench.engine.moveToDelayed(claimed.lease, next(claimed), bench.engine.clock.now() + 1_000);
      await bench.advance(500);
      expect(await bench.claimIds()).toEqual([]);
      await bench.advance(1_000);
      expect(await bench.claimIds()).toEqual([claimed.job.id]);
    });

    it('lets it be claimed at once when the time has passed', async () => {
      const claimed = await bench.begin();
      await bench.engine.moveToDelayed(claimed.lease, next(claimed), bench.engine.clock.now() - 60_000);
      expect(await bench.stateOf(claimed.job.id)).toBe('delayed');
      expect(await bench.claimIds()).toEqual([claimed.job.id]);
    });

    it('G8: sleeps for a hundred years when it is told to', async () => {
      const claimed = await bench.begin();
      const due = Math.floor(bench.engine.clock.now()) + 100 * 365 * 86_400_000;
      await bench.engine.moveToDelayed(claimed.lease, next(claimed), due);
      expect(await bench.claimIds()).toEqual([]);
      expect((await bench.job(claimed.job.id)).due).toBe(due);
    });

    it('S9: counts no attempt', async () => {
      const claimed = await bench.begin();
      await bench.engine.moveToDelayed(claimed.lease, next(claimed), bench.engine.clock.now());
      expect((await bench.claim()).job).toMatchObject({ attemptsMade: 0, attemptsStarted: 2 });
    });

    it('is no stall, however long it takes', async () => {
      const claimed = await bench.begin();
      await bench.engine.moveToDelayed(claimed.lease, next(claimed), bench.engine.clock.now() + 60_000);
      await bench.advance(3 * lockDuration);
      expect(await bench.engine.recoverStalled('jobs', 1)).toEqual(bench.recovery(false));
    });
  });
}
