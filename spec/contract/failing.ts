import { failure, jobs, next, type Bench } from './bench.js';

export function failingContract(bench: Bench): void {
  describe('fail', () => {
    it('for good: finishes the job with its reason, code and stack', async () => {
      const claimed = await bench.begin();
      const heard = bench.listen();
      const from = Math.floor(bench.engine.clock.now());
      await bench.engine.fail(claimed.lease, next(claimed), failure('no luck'));
      const job = await bench.job(claimed.job.id);
      expect(job).toMatchObject({
        state: 'failed',
        failedReason: 'no luck',
        failedCode: 'BROKEN',
        stacktrace: [failure('no luck').stack],
        attemptsMade: 1,
        due: undefined,
      });
      expect(job.finishedOn).toBeGreaterThanOrEqual(from);
      expect(job.finishedOn).toBeLessThanOrEqual(bench.engine.clock.now());
      expect(await heard.all()).toMatchObject([{ type: 'failed', reason: 'no luck', code: 'BROKEN' }]);
    });

    it('A2: saves the write and keeps the checkpoint', async () => {
      const { lease, job } = await bench.begin();
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a', fields: new Map([['f', '1']]) });
      const write = { seq: 2, cursor: 'b', fields: new Map([['g', '2']]), progress: '7' };
      await bench.engine.fail(lease, write, failure());
      const fields = new Map([
        ['f', '1'],
        ['g', '2'],
      ]);
      expect(await bench.job(job.id)).toMatchObject({ checkpoint: { seq: 2, cursor: 'b', fields }, progress: '7' });
    });

    it('S9: with a retry at once, counts an attempt and puts the job back', async () => {
      const claimed = await bench.begin();
      const heard = bench.listen();
      await bench.engine.fail(claimed.lease, next(claimed), failure(), bench.engine.clock.now());
      expect(await bench.job(claimed.job.id)).toMatchObject({
        state: 'waiting',
        attemptsMade: 1,
        failedReason: 'it broke',
        finishedOn: undefined,
        checkpoint: { seq: 1, cursor: 'begun' },
      });
      expect(await heard.all()).toMatchObject([{ type: 'waiting', prev: 'active' }]);
      expect((await bench.claim()).job).toMatchObject({ id: claimed.job.id, attemptsStarted: 2, attemptsMade: 1 });
    });

    it('S9: with a retry at once, lets the jobs that wait go first', async () => {
      const claimed = await bench.begin();
      const waiting = await bench.add();
      await bench.engine.fail(claimed.lease, next(claimed), failure(), bench.engine.clock.now());
      expect(await bench.claimIds()).toEqual([waiting, claimed.job.id]);
    });

    it('S9: with a retry later, counts an attempt and delays the job', async () => {
      const claimed = await bench.begin();
      const heard = bench.listen();
      const due = Math.floor(bench.engine.clock.now()) + 1_000;
      await bench.engine.fail(claimed.lease, next(claimed), failure(), due);
      expect(await bench.job(claimed.job.id)).toMatchObject({ state: 'delayed', attemptsMade: 1, due });
      expect(await heard.all()).toMatchObject([{ type: 'delayed', due }]);
      await bench.advance(500);
      expect(await bench.claimIds()).toEqual([]);
      await bench.advance(1_000);
      expect(await bench.claimIds()).toEqual([claimed.job.id]);
    });

    it('counts every attempt, and keeps the stacks of the last ten', async () => {
      const id = await bench.add();
      for (let attempt = 1; attempt <= 12; attempt++) {
        const claimed = await bench.claim();
        await bench.engine.fail(claimed.lease, next(claimed), failure(`no. ${attempt}`), bench.engine.clock.now());
      }
      const job = await bench.job(id);
      expect(job).toMatchObject({ attemptsMade: 12, attemptsStarted: 12, failedReason: 'no. 12' });
      expect(job.stacktrace).toEqual(Array.from({ length: 10 }, (_, index) => failure(`no. ${index + 3}`).stack));
    });

    it('takes a failure without code and stack', async () => {
      const claimed = await bench.begin();
      await bench.engine.fail(claimed.lease, next(claimed), { reason: '', code: undefined, stack: undefined });
      const job = await bench.job(claimed.job.id);
      expect(job).toMatchObject({ state: 'failed', failedReason: '', failedCode: undefined });
      expect(job.stacktrace).toHaveLength(0); // toEqual takes [undefined] for []
    });

    it('tells its parent, with the reason', async () => {
      const parent = await bench.waitingParent(['k-0']);
      await bench.failChild('no luck');
      expect(await bench.engine.children(jobs, parent)).toMatchObject([{ status: 'failed', reason: 'no luck' }]);
    });
  });

  describe('removeOnFail', () => {
    const fail = async (...options: readonly (boolean | number | undefined)[]): Promise<readonly string[]> => {
      const left: string[] = [];
      for (const removeOnFail of options) {
        const claimed = await bench.begin(removeOnFail === undefined ? {} : { removeOnFail });
        left.push(claimed.job.id);
        await bench.engine.fail(claimed.lease, next(claimed), failure());
      }
      const states = await Promise.all(left.map((id) => bench.stateOf(id)));
      return left.filter((_, index) => states[index] !== undefined);
    };

    it('keeps all jobs by default, and for false', async () => {
      expect(await fail(undefined, false)).toEqual(['1', '2']);
    });

    it('true removes the job alone', async () => {
      expect(await fail(undefined, true)).toEqual(['1']);
    });

    it('a number keeps as many, the newest', async () => {
      expect(await fail(1, 1, 1)).toEqual(['3']);
    });

    it('says nothing of a job that is tried again, nor of completed ones', async () => {
      const completed = await bench.begin();
      await bench.engine.complete(completed.lease, next(completed), undefined, 0);
      const claimed = await bench.begin({ removeOnFail: true });
      await bench.engine.fail(claimed.lease, next(claimed), failure(), bench.engine.clock.now());
      expect(await bench.stateOf(claimed.job.id)).toBe('waiting');
      const again = await bench.claim();
      await bench.engine.fail(again.lease, next(again), failure());
      expect(await bench.stateOf(claimed.job.id)).toBeUndefined();
      expect(await bench.stateOf(completed.job.id)).toBe('completed');
    });
  });
}
