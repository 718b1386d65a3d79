import { failure, jobs, next, type Bench } from './bench.js';

export function retryContract(bench: Bench): void {
  describe('retry with options', () => {
    it('is only for jobs in the state that it names', async () => {
      const failed = await bench.fail(await bench.begin());
      const completed = await bench.complete(await bench.begin());
      expect(await bench.engine.retry(jobs, failed, { state: 'completed' })).toBe(false);
      expect(await bench.engine.retry(jobs, completed, { state: 'failed' })).toBe(false);
      expect(await bench.stateOf(failed)).toBe('failed');
      expect(await bench.engine.retry(jobs, failed, { state: 'failed' })).toBe(true);
      expect(await bench.engine.retry(jobs, completed, { state: 'completed' })).toBe(true);
      expect(await bench.claimIds()).toEqual([failed, completed]);
    });

    it('keeps the attempts, unless they are to be reset', async () => {
      for (const [options, made, started] of [
        [{}, 1, 1],
        [{ resetAttemptsMade: true }, 0, 1],
        [{ resetAttemptsStarted: true }, 1, 0],
        [{ resetAttemptsMade: true, resetAttemptsStarted: true }, 0, 0],
      ] as const) {
        const id = await bench.fail(await bench.begin());
        await bench.engine.retry(jobs, id, options);
        expect(await bench.job(id)).toMatchObject({ attemptsMade: made, attemptsStarted: started });
        await bench.engine.remove(jobs, id);
      }
    });

    it('lets a job run next that was to run before those that wait', async () => {
      const id = await bench.fail(await bench.begin({ lifo: true }));
      const waiting = await bench.add();
      await bench.engine.retry(jobs, id);
      expect(await bench.claimIds()).toEqual([id, waiting]);
    });

    it('leaves nothing of a delay in which the job was cancelled', async () => {
      const id = await bench.add({ delay: 60_000 });
      await bench.engine.cancel(jobs, id, 'not wanted');
      await bench.engine.retry(jobs, id);
      expect(await bench.job(id)).toMatchObject({ state: 'waiting', delay: 0, due: undefined });
      expect(await bench.claimIds()).toEqual([id]);
    });

    it('keeps the priority', async () => {
      const id = await bench.fail(await bench.begin({ priority: 3 }));
      await bench.engine.retry(jobs, id);
      expect(await bench.job(id)).toMatchObject({ state: 'prioritized', priority: 3 });
    });
  });

  describe('retryAll', () => {
    it('retries jobs that had finished by then, the oldest first, up to a limit', async () => {
      const old = [await bench.fail(await bench.begin()), await bench.fail(await bench.begin())];
      await bench.advance(1_000);
      const until = Math.floor(bench.engine.clock.now());
      await bench.advance(1_000);
      const young = await bench.fail(await bench.begin());
      const completed = await bench.complete(await bench.begin());
      const heard = bench.listen();
      const watching = bench.watch();
      expect(await bench.engine.retryAll(jobs, 'failed', until, 1)).toBe(1);
      expect(await bench.engine.retryAll(jobs, 'failed', until, 10)).toBe(1);
      expect(await bench.engine.retryAll(jobs, 'failed', until, 10)).toBe(0);
      await watching.woken();
      expect(await heard.all()).toMatchObject(old.map((jobId) => ({ type: 'waiting', jobId, prev: 'failed' })));
      expect(await bench.claimIds()).toEqual(old);
      expect(await bench.stateOf(young)).toBe('failed');
      expect(await bench.engine.retryAll(jobs, 'completed', bench.engine.clock.now() + 1_000, 10)).toBe(1);
      expect(await bench.claimIds()).toEqual([completed]);
    });

    it('retries all that had finished in that millisecond', async () => {
      await bench.addMany(3);
      await Promise.all((await bench.claimUpTo(3)).map((claimed) => bench.complete(claimed)));
      const times = (await bench.engine.list(jobs, 'completed')).map(({ finishedOn }) => finishedOn!);
      expect(await bench.engine.retryAll(jobs, 'completed', Math.max(...times), 10)).toBe(3);
    });

    it('A2: does to each what retry does', async () => {
      const claimed = await bench.begin();
      await bench.engine.fail(claimed.lease, next(claimed, { cursor: 'ship' }), failure());
      await bench.engine.retryAll(jobs, 'failed', bench.engine.clock.now() + 1_000, 10);
      expect(await bench.job(claimed.job.id)).toMatchObject({
        state: 'waiting',
        failedReason: undefined,
        failedCode: undefined,
        finishedOn: undefined,
        checkpoint: { seq: 1, cursor: 'ship' },
      });
    });
  });

  describe('promoteAll', () => {
    it('promotes delayed jobs, those that are due first first, up to a limit', async () => {
      for (const [jobId, delay] of Object.entries({ c: 90_000, a: 60_000, b: 70_000 }))
        await bench.add({ jobId, delay });
      const watching = bench.watch();
      expect(await bench.engine.promoteAll(jobs, 2)).toBe(2);
      await watching.woken();
      expect(await bench.stateOf('c')).toBe('delayed');
      expect(await bench.claimIds()).toEqual(['a', 'b']);
      expect(await bench.engine.promoteAll(jobs, 2)).toBe(1);
      expect(await bench.engine.promoteAll(jobs, 2)).toBe(0);
      expect(await bench.claimIds()).toEqual(['c']);
    });
  });
}
