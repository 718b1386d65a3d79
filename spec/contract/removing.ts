import { child, failure, jobs, kids, next, type Bench } from './bench.js';

export function removingContract(bench: Bench): void {
  describe('remove', () => {
    it.each(['waiting', 'prioritized', 'delayed', 'completed', 'failed'])(
      'removes a %s job, its log too',
      async (state) => {
        const priority = state === 'prioritized' ? 1 : 0;
        const id = await bench.add({ jobId: 'it', priority, delay: state === 'delayed' ? 60_000 : 0 });
        if (state === 'completed' || state === 'failed') {
          const claimed = await bench.claim();
          if (state === 'failed') await bench.engine.fail(claimed.lease, next(claimed), failure());
          else await bench.engine.complete(claimed.lease, next(claimed), undefined, 0);
        }
        await bench.engine.log(jobs, id, 'row');
        expect(await bench.stateOf(id)).toBe(state);
        const heard = bench.listen();
        expect(await bench.engine.remove(jobs, id)).toBe('removed');
        expect(await heard.types(id)).toEqual(['removed']);
        expect(await bench.engine.get(jobs, id)).toBeUndefined();
        expect(await bench.engine.logs(jobs, id)).toEqual({ logs: [], count: 0 });
        await bench.advance(100_000);
        expect(await bench.claimIds()).toEqual([]);
        expect(await bench.add({ jobId: 'it' })).toBe('it');
        expect(await bench.claimIds()).toEqual(['it']);
      },
    );

    it('leaves an active job, and one with an active child', async () => {
      const parent = await bench.waitingParent(['k-0', 'k-1']);
      await bench.claim(kids);
      const active = await bench.begin();
      expect(await bench.engine.remove(jobs, active.job.id)).toBe('active');
      expect(await bench.engine.remove(jobs, parent)).toBe('active');
      expect(await bench.engine.remove(jobs, 'nobody')).toBe('missing');
      expect(await bench.stateOf('k-1', kids)).toBe('waiting');
    });

    it('removes unfinished children with it, and leaves the others', async () => {
      const parent = await bench.waitingParent(['done', 'open']);
      await bench.completeChild();
      await bench.engine.remove(jobs, parent);
      expect(await bench.stateOf('done', kids)).toBe('completed');
      expect(await bench.stateOf('open', kids)).toBeUndefined();
      expect(await bench.claimIds(kids)).toEqual([]);
    });

    it('C4: of a child wakes the parent that waits for it, which finds it gone', async () => {
      const parent = await bench.waitingParent(['gone', 'open']);
      await bench.engine.remove(kids, 'gone');
      expect(await bench.stateOf(parent)).toBe('waiting');
      expect((await bench.engine.children(jobs, parent)).map(({ id }) => id)).toEqual(['open']);
    });

    it('C4: of the last child lets no parent wait for ever', async () => {
      const parent = await bench.waitingParent(['done', 'gone'], 'ignore');
      await bench.completeChild();
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      await bench.engine.remove(kids, 'gone');
      expect(await bench.stateOf(parent)).toBe('waiting');
    });

    it('of a child whose policy is fail is no failure', async () => {
      const parent = await bench.begin();
      const { id } = parent.job;
      await bench.engine.checkpoint(parent.lease, next(parent, { children: [child(id, 'gone', 'fail')] }));
      await bench.engine.remove(kids, 'gone');
      expect(await bench.engine.complete(parent.lease, { seq: 2 }, undefined, 0)).toBe('completed');
    });

    it('of an unfinished child lets it be added again', async () => {
      const parent = await bench.begin();
      const write = next(parent, { children: [child(parent.job.id, 'k-0')] });
      await bench.engine.checkpoint(parent.lease, write);
      await bench.engine.remove(kids, 'k-0');
      await bench.engine.checkpoint(parent.lease, { ...write, seq: 2 });
      expect(await bench.engine.children(jobs, parent.job.id)).toMatchObject([{ id: 'k-0', status: 'pending' }]);
      expect(await bench.engine.moveToWaitingChildren(parent.lease, { seq: 3 }, { groups: ['gate'] })).toBe(true);
      expect(await bench.completeChild()).toBe('k-0');
      expect(await bench.claimIds()).toEqual([parent.job.id]);
    });

    it('of a finished child leaves what its parent knows of it', async () => {
      const parent = await bench.waitingParent(['done', 'open']);
      await bench.completeChild('"result"');
      await bench.engine.remove(kids, 'done');
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      expect(await bench.engine.children(jobs, parent)).toMatchObject([
        { id: 'done', value: '"result"' },
        { id: 'open' },
      ]);
    });
  });
}
