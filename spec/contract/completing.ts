import { child, children, jobs, next, outcome, type Bench } from './bench.js';

export function completingContract(bench: Bench): void {
  describe('complete', () => {
    it('finishes the job with its result', async () => {
      const claimed = await bench.begin();
      const heard = bench.listen();
      const from = Math.floor(bench.engine.clock.now());
      expect(await bench.engine.complete(claimed.lease, next(claimed, { progress: '9' }), '"done"', 0)).toBe(
        'completed',
      );
      const job = await bench.job(claimed.job.id);
      expect(job).toMatchObject({ state: 'completed', returnvalue: '"done"', attemptsMade: 1 });
      expect(job.progress).toBeUndefined(); // it was told
      expect(job.finishedOn).toBeGreaterThanOrEqual(from);
      expect(job.finishedOn).toBeLessThanOrEqual(bench.engine.clock.now());
      expect(await heard.all()).toMatchObject([{ type: 'progress' }, { type: 'completed', returnvalue: '"done"' }]);
    });

    it.each(['', 'null', undefined])('keeps the result %p apart from the others', async (result) => {
      const claimed = await bench.begin();
      const heard = bench.listen();
      await bench.engine.complete(claimed.lease, next(claimed), result, 0);
      expect((await bench.job(claimed.job.id)).returnvalue).toBe(result);
      expect(await heard.all()).toEqual([expect.objectContaining({ type: 'completed', returnvalue: result })]);
    });

    it('A2: drops the checkpoint but for the cursor, and the numbers begin anew', async () => {
      const { lease, job } = await bench.begin();
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a', fields: new Map([['o:charge', '1']]) });
      await bench.engine.complete(lease, { seq: 2, cursor: 'run 1', fields: new Map([['o:ship', '2']]) }, '2', 0);
      expect((await bench.job(job.id)).checkpoint).toEqual({ seq: 0, cursor: 'run 1', fields: new Map() });
    });

    it('I9: happens once', async () => {
      const claimed = await bench.begin();
      await bench.engine.complete(claimed.lease, next(claimed), '1', 0);
      const write = { seq: 2, cursor: 'again' };
      await expect(outcome(() => bench.engine.complete(claimed.lease, write, '2', 0))).rejects.toThrow();
      const anew = { seq: 1, cursor: 'again' }; // a resend of the first
      expect(await bench.engine.complete(claimed.lease, anew, '2', 0)).toBe('completed');
      expect((await bench.job(claimed.job.id)).returnvalue).toBe('1');
    });

    it('C1: parks instead, the write saved, while children are pending; completes when called again', async () => {
      const heard = bench.listen();
      const parent = await bench.begin();
      const fields = new Map([['o:ship', '"result"']]);
      const write = next(parent, { fields, children: children(parent.job.id, ['k-0', 'k-1'], 'fail') });
      expect(await bench.engine.complete(parent.lease, write, '"result"', 0)).toBe('waiting-children');
      expect(await bench.job(parent.job.id)).toMatchObject({
        state: 'waiting-children',
        attemptsMade: 0,
        returnvalue: undefined,
        returned: { result: '"result"' },
        finishedOn: undefined,
        checkpoint: { seq: 1, cursor: 'begun', fields },
      });
      await bench.completeChild();
      expect(await bench.stateOf(parent.job.id)).toBe('waiting-children');
      await bench.completeChild();
      const again = await bench.claim();
      expect(again.job).toMatchObject({ returned: { result: '"result"' } });
      expect(await bench.engine.complete(again.lease, next(again), '"result"', 0)).toBe('completed');
      expect((await bench.job(parent.job.id)).returned).toBeUndefined();
      expect(await heard.types(parent.job.id)).toEqual([
        'added',
        'waiting',
        'active',
        'waiting-children',
        'waiting',
        'active',
        'completed',
      ]);
    });

    it('C1: tells a result that is absent from none, while the job waits for its children', async () => {
      const parent = await bench.begin();
      expect(parent.job.returned).toBeUndefined();
      const write = next(parent, { children: children(parent.job.id, ['k-0'], 'fail') });
      await bench.engine.complete(parent.lease, write, undefined, 0);
      expect((await bench.job(parent.job.id)).returned).toEqual({ result: undefined });
    });

    it('C1: wakes a job that it has parked when a child fails whose policy is fail', async () => {
      const parent = await bench.begin();
      const write = next(parent, { children: children(parent.job.id, ['k-0', 'k-1'], 'fail') });
      await bench.engine.complete(parent.lease, write, undefined, 0);
      await bench.failChild();
      expect(await bench.stateOf(parent.job.id)).toBe('waiting');
    });

    it.each(['continue', 'ignore'] as const)(
      'is kept up by no child that has failed whose policy is %s',
      async (policy) => {
        const parent = await bench.begin();
        await bench.engine.checkpoint(parent.lease, next(parent, { children: [child(parent.job.id, 'k-0', policy)] }));
        await bench.failChild();
        expect(await bench.engine.complete(parent.lease, { seq: 2 }, undefined, 0)).toBe('completed');
      },
    );

    it('C1: writes nothing when a child has failed whose policy is fail, and leaves the lease', async () => {
      const parent = await bench.begin();
      const { id } = parent.job;
      const added = [child(id, 'bad', 'fail'), child(id, 'pending', 'fail')];
      await bench.engine.checkpoint(parent.lease, next(parent, { children: added }));
      await bench.failChild();
      const before = await bench.seen(id);
      const write = {
        seq: 2,
        cursor: 'b',
        progress: '1',
        fields: new Map([['f', '1']]),
        children: [child(id, 'more')],
      };
      for (let times = 0; times < 2; times++) {
        expect(await bench.engine.complete(parent.lease, write, '1', 0)).toBe('failed-children');
        expect(await bench.seen(id)).toEqual(before);
      }
      expect(await bench.stateOf('more', 'kids')).toBeUndefined();
      await bench.engine.fail(
        parent.lease,
        { seq: 2 },
        { reason: 'a child failed', code: undefined, stack: undefined },
      );
      expect(await bench.stateOf(id)).toBe('failed');
    });

    it('C1: is not kept up by as many failures as were seen', async () => {
      const parent = await bench.begin();
      const added = children(parent.job.id, ['k-0', 'k-1', 'k-2'], 'fail');
      await bench.engine.checkpoint(parent.lease, next(parent, { children: added }));
      for (let times = 0; times < 3; times++) await bench.failChild();
      expect(await bench.engine.complete(parent.lease, { seq: 2 }, undefined, 2)).toBe('failed-children');
      expect(await bench.engine.complete(parent.lease, { seq: 2 }, undefined, 3)).toBe('completed');
    });

    it('tells its parent, with the result', async () => {
      const parent = await bench.waitingParent(['k-0']);
      await bench.completeChild('"grown"');
      expect(await bench.engine.children(jobs, parent)).toMatchObject([{ status: 'completed', value: '"grown"' }]);
    });
  });

  describe('removeOnComplete', () => {
    /** Completes jobs one after the other, with a pause; answers which are left. */
    const complete = async (options: readonly unknown[], pause = 0): Promise<readonly (string | undefined)[]> => {
      const ids: string[] = [];
      for (const removeOnComplete of options) {
        const claimed = await bench.begin({ removeOnComplete: removeOnComplete as number });
        ids.push(claimed.job.id);
        await bench.engine.complete(claimed.lease, next(claimed), undefined, 0);
        if (pause > 0) await bench.advance(pause);
      }
      const states = await Promise.all(ids.map((id) => bench.stateOf(id)));
      return ids.filter((_, index) => states[index] !== undefined);
    };

    it('keeps all jobs by default, and for false', async () => {
      expect(await complete([undefined, false, undefined])).toEqual(['1', '2', '3']);
    });

    it.each([true, 0, { count: 0 }])('%j removes the job, and none of those that are kept', async (option) => {
      const heard = bench.listen();
      expect(await complete([undefined, option, false])).toEqual(['1', '3']);
      expect(await heard.types('2')).toEqual(['added', 'waiting', 'active', 'completed']);
    });

    it('a number keeps as many, the newest', async () => {
      expect(await complete([2, 2, 2, 2])).toEqual(['3', '4']);
    });

    it('count and age keep at most so many, none older than so many seconds', async () => {
      const keep = { age: 2, count: 2 };
      expect(await complete([keep, keep, keep])).toEqual(['2', '3']);
      await bench.advance(3_000);
      expect(await complete([{ age: 2 }])).toEqual(['4']);
    });

    it('age alone keeps any number', async () => {
      expect(await complete([{ age: 2.5 }, { age: 2.5 }, { age: 2.5 }, { age: 2.5 }], 1_000)).toEqual(['2', '3', '4']);
    });

    it('removes no failed job, and no job of another queue', async () => {
      const failed = await bench.begin();
      await bench.engine.fail(failed.lease, next(failed), { reason: 'no', code: undefined, stack: undefined });
      const other = await bench.add({}, { queue: 'others' });
      const claimed = await bench.claim('others');
      await bench.engine.complete(claimed.lease, next(claimed), undefined, 0);
      expect(await complete([true])).toEqual([]);
      expect(await bench.stateOf(failed.job.id)).toBe('failed');
      expect(await bench.stateOf(other, 'others')).toBe('completed');
    });

    it('lets the id be used again', async () => {
      for (let round = 0; round < 2; round++) {
        const claimed = await bench.begin({ jobId: 'again', removeOnComplete: true });
        expect(claimed.job).toMatchObject({ attemptsStarted: 1, checkpoint: undefined });
        await bench.engine.log(jobs, 'again', `round ${round}`);
        expect((await bench.engine.logs(jobs, 'again')).logs).toEqual([`round ${round}`]);
        await bench.engine.complete(claimed.lease, next(claimed), undefined, 0);
      }
    });
  });
}
