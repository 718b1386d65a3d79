import { child, failure, jobs, kids, lockDuration, next, type Bench } from './bench.js';

export function administrationContract(bench: Bench): void {
  describe('retry', () => {
    it('A2: puts a failed job back, to go on at its checkpoint', async () => {
      const claimed = await bench.begin();
      const fields = new Map([['o:charge', '1']]);
      await bench.engine.fail(claimed.lease, next(claimed, { cursor: 'ship', fields }), failure());
      const heard = bench.listen();
      expect(await bench.engine.retry(jobs, claimed.job.id)).toBe(true);
      expect(await bench.job(claimed.job.id)).toMatchObject({
        state: 'waiting',
        failedReason: undefined,
        failedCode: undefined,
        processedOn: undefined,
        finishedOn: undefined,
        checkpoint: { seq: 1, cursor: 'ship', fields },
      });
      expect(await heard.all()).toMatchObject([{ type: 'waiting', prev: 'failed' }]);
      const again = await bench.claim();
      expect(await bench.engine.complete(again.lease, { seq: 2 }, undefined, 0)).toBe('completed');
    });

    it('A2: puts a completed job back, to begin a new run', async () => {
      const claimed = await bench.begin();
      await bench.engine.complete(claimed.lease, next(claimed, { cursor: 'run 1' }), '"done"', 0);
      expect(await bench.engine.retry(jobs, claimed.job.id)).toBe(true);
      expect(await bench.job(claimed.job.id)).toMatchObject({
        state: 'waiting',
        returnvalue: undefined,
        finishedOn: undefined,
      });
      const again = await bench.claim();
      expect(again.job.checkpoint).toEqual({ seq: 0, cursor: 'run 1', fields: new Map() });
      await bench.engine.checkpoint(again.lease, { seq: 1, cursor: 'run 2' });
    });

    it('puts it behind those that wait', async () => {
      const claimed = await bench.begin();
      await bench.engine.fail(claimed.lease, next(claimed), failure());
      const waiting = await bench.add();
      await bench.engine.retry(jobs, claimed.job.id);
      expect(await bench.claimIds()).toEqual([waiting, claimed.job.id]);
    });

    it('leaves any other job alone', async () => {
      expect(await bench.engine.retry(jobs, 'nobody')).toBe(false);
      const { job } = await bench.begin();
      expect(await bench.engine.retry(jobs, job.id)).toBe(false);
      expect(await bench.engine.retry(jobs, await bench.add())).toBe(false);
      expect(await bench.stateOf(job.id)).toBe('active');
    });

    it('A3: counts stalls anew', async () => {
      const { job } = await bench.begin();
      await bench.advance(1.5 * lockDuration);
      await bench.engine.recoverStalled(jobs, 0);
      expect(await bench.stateOf(job.id)).toBe('failed');
      await bench.engine.retry(jobs, job.id);
      await bench.claim();
      await bench.advance(1.5 * lockDuration);
      expect((await bench.engine.recoverStalled(jobs, 1)).recovered).toMatchObject([{ to: 'waiting' }]);
    });

    it.each(['cancelled', 'stalled too often'])(
      'A3: tells the attempts that a job had made when it was %s, until the next write',
      async (how) => {
        const first = await bench.begin();
        const { id } = first.job;
        await bench.engine.fail(first.lease, next(first, { cursor: 'c' }), failure(), 0);
        if (how === 'cancelled') await bench.engine.cancel(jobs, id, 'enough');
        else {
          await bench.claim();
          await bench.advance(1.5 * lockDuration);
          await bench.engine.recoverStalled(jobs, 0);
        }
        await bench.engine.retry(jobs, id);
        const again = await bench.claim();
        expect(again.job).toMatchObject({ attemptsMade: 1, checkpoint: { attemptBase: 1 } });
        await bench.engine.fail(again.lease, next(again), failure(), 0);
        expect((await bench.claim()).job.checkpoint?.attemptBase).toBeUndefined();
      },
    );

    it('wakes those who watch', async () => {
      const claimed = await bench.begin();
      await bench.engine.fail(claimed.lease, next(claimed), failure());
      const watching = bench.watch();
      await bench.engine.retry(jobs, claimed.job.id);
      await watching.woken();
    });

    it.each(['continue', 'fail'] as const)(
      'C4: of a child lets its parent wait for it again, and go on (%s)',
      async (policy) => {
        const parent = await bench.begin();
        const waiting = policy === 'fail' ? { all: { failuresSeen: 0 } } : { groups: ['gate'] };
        const write = next(parent, { children: [child(parent.job.id, 'k-0', policy)] });
        await bench.engine.moveToWaitingChildren(parent.lease, write, waiting);
        await bench.failChild();
        const failed = await bench.claim();
        await bench.engine.fail(failed.lease, next(failed), failure());
        await bench.engine.retry(kids, 'k-0');
        expect(await bench.engine.children(jobs, parent.job.id)).toMatchObject([
          { status: 'pending', reason: undefined },
        ]);
        await bench.engine.retry(jobs, parent.job.id);
        const again = await bench.claim();
        expect(await bench.engine.moveToWaitingChildren(again.lease, next(again), waiting)).toBe(true);
        await bench.completeChild('"at last"');
        expect(await bench.engine.children(jobs, parent.job.id)).toMatchObject([
          { status: 'completed', value: '"at last"' },
        ]);
        const last = await bench.claim();
        expect(await bench.engine.complete(last.lease, next(last), undefined, 0)).toBe('completed');
      },
    );
  });

  describe('retry of a completed child', () => {
    it.each(['continue', 'fail'] as const)('is no failure: its parent waits for it again (%s)', async (policy) => {
      const parent = await bench.begin();
      const kid = child(parent.job.id, 'k-0', policy);
      await bench.engine.checkpoint(parent.lease, next(parent, { children: [kid] }));
      await bench.completeChild('1');
      await bench.engine.retry(kids, 'k-0');
      const waiting = policy === 'fail' ? { all: { failuresSeen: 0 } } : { groups: ['gate'] };
      expect(await bench.engine.moveToWaitingChildren(parent.lease, { seq: 2 }, waiting)).toBe(true);
      await bench.completeChild('2');
      const again = await bench.claim();
      expect(await bench.engine.complete(again.lease, next(again), undefined, 0)).toBe('completed');
      expect(await bench.engine.children(jobs, parent.job.id)).toMatchObject([{ value: '2' }]);
    });
  });

  describe('promote', () => {
    it('A1: lets a delayed job run now', async () => {
      const fresh = await bench.add({ delay: 60_000 });
      const begun = await bench.begin();
      await bench.engine.moveToDelayed(begun.lease, next(begun), bench.engine.clock.now() + 60_000);
      const waiting = await bench.add();
      const heard = bench.listen();
      expect(await bench.engine.promote(jobs, fresh)).toBe(true);
      expect(await bench.engine.promote(jobs, begun.job.id)).toBe(true);
      expect(await heard.types()).toEqual(['waiting', 'waiting']);
      expect((await bench.job(fresh)).due).toBeUndefined();
      expect(await bench.claimIds()).toEqual([begun.job.id, waiting, fresh]);
    });

    it('wakes those who watch, and keeps its priority', async () => {
      const id = await bench.add({ delay: 60_000, priority: 3 });
      const watching = bench.watch();
      await bench.engine.promote(jobs, id);
      await watching.woken();
      expect(await bench.stateOf(id)).toBe('prioritized');
    });

    it('leaves any other job alone', async () => {
      const parent = await bench.waitingParent(['k-0']);
      for (const id of [await bench.add(), parent, 'nobody']) expect(await bench.engine.promote(jobs, id)).toBe(false);
      expect(await bench.stateOf(parent)).toBe('waiting-children');
    });
  });

  describe('changeDelay', () => {
    it('A1: moves the due time of a delayed job', async () => {
      const sooner = await bench.add({ delay: 60_000 });
      const later = await bench.add({ delay: 500 });
      const due = Math.floor(bench.engine.clock.now()) + 1_000;
      expect(await bench.engine.changeDelay(jobs, sooner, due)).toBe(true);
      expect(await bench.engine.changeDelay(jobs, later, due + 60_000)).toBe(true);
      expect(await bench.job(sooner)).toMatchObject({ state: 'delayed', due });
      const watching = bench.watch();
      const before = watching.times;
      await bench.advance(1_500);
      await watching.woken(before);
      expect(await bench.claimIds()).toEqual([sooner]);
    });

    it('leaves any other job alone', async () => {
      for (const id of [await bench.add(), 'nobody']) expect(await bench.engine.changeDelay(jobs, id, 0)).toBe(false);
    });
  });

  describe('updateData', () => {
    it('A4: replaces the data, never the checkpoint', async () => {
      const claimed = await bench.begin();
      await bench.engine.checkpoint(claimed.lease, next(claimed));
      expect(await bench.engine.updateData(jobs, claimed.job.id, '"new"')).toBe(true);
      expect(await bench.job(claimed.job.id)).toMatchObject({ data: '"new"', checkpoint: { seq: 1, cursor: 'begun' } });
      await bench.engine.checkpoint(claimed.lease, { seq: 2 });
      expect(await bench.engine.updateData(jobs, claimed.job.id, undefined)).toBe(true);
      expect((await bench.job(claimed.job.id)).data).toBeUndefined();
    });

    it('answers whether there is such a job', async () => {
      expect(await bench.engine.updateData(jobs, 'nobody', '1')).toBe(false);
      expect(await bench.engine.get(jobs, 'nobody')).toBeUndefined();
    });
  });
}
