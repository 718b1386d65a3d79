import { jobs, kids, newJob, next, type Bench } from './bench.js';

export function detachingContract(bench: Bench): void {
  const listed = async (parent: string): Promise<readonly string[]> =>
    (await bench.engine.children(jobs, parent)).map(({ id }) => id);

  describe('remove without the children', () => {
    it('leaves them as jobs of their own, even one that is active', async () => {
      const parent = await bench.waitingParent(['running', 'open']);
      const running = await bench.claim(kids);
      expect(await bench.engine.remove(jobs, parent, false)).toBe('removed');
      expect(await bench.stateOf(parent)).toBeUndefined();
      expect(await bench.stateOf('open', kids)).toBe('waiting');
      await bench.complete(running);
      await bench.completeChild();
      expect(await bench.claimIds()).toEqual([]);
    });

    it('leaves an active job', async () => {
      const { job } = await bench.begin();
      expect(await bench.engine.remove(jobs, job.id, false)).toBe('active');
      expect(await bench.engine.remove(jobs, 'nobody', false)).toBe('missing');
    });
  });

  describe('removeUnprocessedChildren', () => {
    it('removes children that are neither finished nor active', async () => {
      const parent = await bench.waitingParent(['done', 'running', 'open', 'late'], 'ignore');
      await bench.completeChild();
      const running = await bench.claim(kids);
      const heard = bench.listen(kids);
      await bench.engine.removeUnprocessedChildren(jobs, parent);
      expect(await heard.types()).toEqual(['removed', 'removed']);
      expect(await bench.stateOf('done', kids)).toBe('completed');
      expect(await bench.stateOf('running', kids)).toBe('active');
      expect(await bench.stateOf('open', kids)).toBeUndefined();
      expect(await bench.claimIds(kids)).toEqual([]);
      expect(await listed(parent)).toEqual(['done', 'running']);
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      await bench.complete(running);
      expect(await bench.claimIds()).toEqual([parent]);
    });

    it('leaves a child of which a child is active', async () => {
      const parent = await bench.waitingParent(['a', 'b'], 'ignore');
      const child = await bench.claim(kids);
      const grandchild = newJob({}, { queue: 'grand', parent: { queue: kids, id: 'a', onFailure: 'ignore' } });
      const write = next(child, { children: [grandchild] });
      await bench.engine.moveToWaitingChildren(child.lease, write, { all: { failuresSeen: 0 } });
      await bench.claim('grand');
      await bench.engine.removeUnprocessedChildren(jobs, parent);
      expect(await listed(parent)).toEqual(['a']);
      expect(await bench.stateOf('a', kids)).toBe('waiting-children');
    });

    it('wakes the job if it waits for no others', async () => {
      const parent = await bench.waitingParent(['a', 'b'], 'ignore');
      const heard = bench.listen();
      const watching = bench.watch();
      await bench.engine.removeUnprocessedChildren(jobs, parent);
      await watching.woken();
      expect(await heard.wakings(parent)).toBe(1);
      expect(await bench.claimIds()).toEqual([parent]);
    });

    it('lets an active job complete', async () => {
      const parent = await bench.begin();
      await bench.addChildOf(parent.job.id, { onFailure: 'fail' });
      await bench.addChildOf(parent.job.id, { onFailure: 'fail' }, { delay: 60_000 });
      await bench.engine.removeUnprocessedChildren(jobs, parent.job.id);
      expect(await bench.engine.complete(parent.lease, next(parent), undefined, 0)).toBe('completed');
    });

    it('leaves a child that has failed, though its parent waits for it', async () => {
      const parent = await bench.waitingParent(['bad', 'open'], 'wait');
      await bench.failChild();
      await bench.engine.removeUnprocessedChildren(jobs, parent);
      expect(await bench.stateOf('bad', kids)).toBe('failed');
      expect(await listed(parent)).toEqual(['bad']);
      expect(await bench.stateOf(parent)).toBe('waiting-children');
    });

    it('does nothing to a job without children, and to none', async () => {
      const id = await bench.add();
      await bench.engine.removeUnprocessedChildren(jobs, id);
      await bench.engine.removeUnprocessedChildren(jobs, 'nobody');
      expect(await bench.claimIds()).toEqual([id]);
    });
  });

  describe('removeChildDependency', () => {
    it('makes a job a child no more, and wakes the parent if it waits for no others', async () => {
      const parent = await bench.waitingParent(['a', 'b'], 'ignore');
      expect(await bench.engine.removeChildDependency(kids, 'a')).toBe(true);
      expect((await bench.job('a', kids)).parent).toBeUndefined();
      expect(await listed(parent)).toEqual(['b']);
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      expect(await bench.engine.removeChildDependency(kids, 'a')).toBe(false);
      expect(await bench.engine.removeChildDependency(kids, 'b')).toBe(true);
      expect(await bench.claimIds()).toEqual([parent]);
      expect(await bench.claimIds(kids)).toEqual(['a', 'b']);
    });

    it('leaves an active child running', async () => {
      const parent = await bench.waitingParent(['a'], 'ignore');
      const running = await bench.claim(kids);
      expect(await bench.engine.removeChildDependency(kids, 'a')).toBe(true);
      await bench.complete(running, '1');
      expect(await listed(parent)).toEqual([]);
      expect(await bench.stateOf('a', kids)).toBe('completed');
    });

    it('answers whether it was pending for a parent', async () => {
      const parent = await bench.waitingParent(['done', 'open']);
      await bench.completeChild('1');
      expect(await bench.engine.removeChildDependency(kids, 'done')).toBe(false);
      expect(await listed(parent)).toEqual(['done', 'open']);
      expect(await bench.engine.removeChildDependency(jobs, await bench.add())).toBe(false);
      expect(await bench.engine.removeChildDependency(kids, 'nobody')).toBe(false);
    });
  });
}
