import type { ChildFailurePolicy, NewJob } from '../../src/engine/records.js';
import { failure, jobs, kids, newJob, next, type Bench } from './bench.js';

/** A job that is added with children. */
function root(id: string, more: Partial<NewJob> = {}): NewJob {
  return newJob(more.opts, { id, hasChildren: true, ...more });
}

function kid(parent: string, id: string, onFailure: ChildFailurePolicy = 'fail', more: Partial<NewJob> = {}): NewJob {
  return newJob(more.opts, { id, queue: kids, parent: { queue: jobs, id: parent, onFailure }, ...more });
}

export function flowContract(bench: Bench): void {
  describe('add of a job with children', () => {
    it('lets it wait for all of them, as if it had been parked', async () => {
      const heard = bench.listen();
      expect(await bench.engine.add([root('r'), kid('r', 'a'), kid('r', 'b')])).toEqual(['r', 'a', 'b']);
      expect(await bench.job('r')).toMatchObject({ state: 'waiting-children', attemptsStarted: 0, seq: 0 });
      expect(await bench.claimIds()).toEqual([]);
      await bench.completeChild('1');
      expect(await bench.stateOf('r')).toBe('waiting-children');
      await bench.completeChild('2');
      const claimed = await bench.claim();
      expect(claimed.job).toMatchObject({ id: 'r', checkpoint: undefined, deferredFailure: undefined });
      expect(await bench.engine.children(jobs, 'r')).toMatchObject([
        { id: 'a', group: undefined, status: 'completed', value: '1' },
        { id: 'b', group: undefined, status: 'completed', value: '2' },
      ]);
      await bench.complete(claimed);
      expect(await heard.all()).toMatchObject([
        { type: 'added', jobId: 'r' },
        { type: 'waiting-children', jobId: 'r' },
        { type: 'waiting', prev: 'waiting-children' },
        { type: 'active' },
        { type: 'completed' },
      ]);
    });

    it('takes trees over several queues', async () => {
      const middle = kid('r', 'm', 'fail', { hasChildren: true });
      const leaf = newJob({}, { id: 'l', queue: 'others', parent: { queue: kids, id: 'm', onFailure: 'fail' } });
      await bench.engine.add([root('r'), middle, leaf, kid('r', 'k')]);
      expect(await bench.stateOf('m', kids)).toBe('waiting-children');
      expect(await bench.completeChild()).toBe('k');
      await bench.complete(await bench.claim('others'), '"leaf"');
      expect(await bench.stateOf('r')).toBe('waiting-children');
      expect(await bench.completeChild()).toBe('m');
      expect(await bench.claimIds()).toEqual(['r']);
    });

    it('wakes those who watch when the last child is done', async () => {
      await bench.engine.add([root('r'), kid('r', 'a')]);
      const watching = bench.watch();
      await bench.completeChild();
      await watching.woken();
      expect(await bench.claimIds()).toEqual(['r']);
    });

    it('has it ready at once when none is pending: there is none', async () => {
      await bench.engine.add([root('r')]);
      expect(await bench.claimIds()).toEqual(['r']);
    });

    it('has it ready at once when none is pending: all exist already, and are left as they are', async () => {
      await bench.add({ jobId: 'a' }, { queue: kids });
      await bench.engine.add([root('r'), kid('r', 'a')]);
      expect(await bench.engine.children(jobs, 'r')).toEqual([]);
      expect((await bench.job('a', kids)).parent).toBeUndefined();
      expect(await bench.claimIds()).toEqual(['r']);
    });

    it('lets it wait for those of its children that are new', async () => {
      await bench.add({ jobId: 'a' }, { queue: kids });
      await bench.engine.add([root('r'), kid('r', 'a'), kid('r', 'b')]);
      expect(await bench.completeChild()).toBe('a');
      expect(await bench.stateOf('r')).toBe('waiting-children');
      expect(await bench.completeChild()).toBe('b');
      expect(await bench.claimIds()).toEqual(['r']);
    });

    it('has it ready at once when none is pending: all are turned away', async () => {
      const opts = { deduplication: { id: 'd' } };
      await bench.add(opts, { queue: kids });
      await bench.engine.add([root('r'), kid('r', 'a', 'fail', { opts })]);
      expect(await bench.claimIds()).toEqual(['r']);
    });

    it('comes with a write, too: as a child of the job, or on its own', async () => {
      const claimed = await bench.begin();
      const { id } = claimed.job;
      const tree = (name: string): readonly NewJob[] => [
        kid(id, name, 'fail', { hasChildren: true }),
        newJob({}, { id: `${name}-leaf`, queue: 'others', parent: { queue: kids, id: name, onFailure: 'fail' } }),
        root(`${name}-alone`, { queue: kids }),
      ];
      await bench.engine.checkpoint(claimed.lease, next(claimed, { children: [...tree('a'), ...tree('b')] }));
      expect((await bench.claimIds(kids)).toSorted()).toEqual(['a-alone', 'b-alone']);
      expect((await bench.engine.children(jobs, id)).map((each) => each.id)).toEqual(['a', 'b']);
      for (const leaf of await bench.claimUpTo(2, 'others')) await bench.complete(leaf);
      expect((await bench.claimIds(kids)).toSorted()).toEqual(['a', 'b']);
    });

    it('has it among the prioritized when its children are done, if it has a priority', async () => {
      await bench.engine.add([root('r', { opts: { priority: 3 } }), kid('r', 'a')]);
      await bench.completeChild();
      expect(await bench.job('r')).toMatchObject({ state: 'prioritized', priority: 3 });
    });

    it('delays it when its children are done, if it has a delay', async () => {
      await bench.engine.add([root('r', { opts: { delay: 1_000 } }), kid('r', 'a')]);
      await bench.advance(3_000);
      await bench.completeChild();
      expect(await bench.stateOf('r')).toBe('delayed');
      await bench.advance(500);
      expect(await bench.claimIds()).toEqual([]);
      await bench.advance(1_000);
      expect(await bench.claimIds()).toEqual(['r']);
    });

    it('C4: wakes it when a child is removed, and it waits for no others', async () => {
      await bench.engine.add([root('r'), kid('r', 'a'), kid('r', 'b')]);
      await bench.engine.remove(kids, 'a');
      expect(await bench.stateOf('r')).toBe('waiting-children');
      await bench.engine.remove(kids, 'b');
      expect(await bench.claimIds()).toEqual(['r']);
    });

    it('lets it be cancelled and removed with its children', async () => {
      await bench.engine.add([root('r'), kid('r', 'a'), root('s'), kid('s', 'b')]);
      expect(await bench.engine.cancel(jobs, 'r', 'not wanted')).toBe(true);
      expect(await bench.stateOf('a', kids)).toBe('failed');
      expect(await bench.engine.remove(jobs, 's')).toBe('removed');
      expect(await bench.stateOf('b', kids)).toBeUndefined();
    });
  });

  describe('a child that fails for good, of a job that was added with it,', () => {
    it('fails it when it is next taken, and does not let it run: fail', async () => {
      await bench.engine.add([root('r'), kid('r', 'a'), kid('r', 'b')]);
      await bench.failChild('no luck');
      const reason = expect.stringMatching(/^child \S*kids:a failed$/);
      expect(await bench.job('r')).toMatchObject({ state: 'waiting', deferredFailure: reason });
      const heard = bench.listen();
      const other = await bench.add();
      expect(await bench.claimIds()).toEqual([other]);
      expect(await bench.job('r')).toMatchObject({
        state: 'failed',
        failedReason: reason,
        failedCode: 'CHILD_FAILED',
        deferredFailure: undefined,
        attemptsMade: 1,
      });
      expect(await heard.types('r')).toEqual(['active', 'failed']);
      expect(await bench.engine.children(jobs, 'r')).toMatchObject([
        { id: 'a', status: 'failed', reason: 'no luck' },
        { id: 'b', status: 'pending' },
      ]);
    });

    it('fails all above it, where each says so', async () => {
      const middle = kid('r', 'm', 'fail', { hasChildren: true });
      const leaf = newJob({}, { id: 'l', queue: 'others', parent: { queue: kids, id: 'm', onFailure: 'fail' } });
      await bench.engine.add([root('r'), middle, leaf]);
      await bench.fail(await bench.claim('others'));
      expect(await bench.claimIds(kids)).toEqual([]);
      expect(await bench.stateOf('m', kids)).toBe('failed');
      expect(await bench.claimIds()).toEqual([]);
      expect(await bench.stateOf('r')).toBe('failed');
    });

    it('A2: fails it no more when both are retried and the child completes', async () => {
      await bench.engine.add([root('r'), kid('r', 'a')]);
      await bench.failChild();
      await bench.claimIds();
      expect(await bench.engine.retry(kids, 'a')).toBe(true);
      await bench.completeChild('"at last"');
      expect(await bench.engine.retry(jobs, 'r')).toBe(true);
      expect(await bench.complete(await bench.claim())).toBe('r');
      expect(await bench.engine.children(jobs, 'r')).toMatchObject([{ status: 'completed', value: '"at last"' }]);
    });

    it('lets it go on at once: continue', async () => {
      await bench.engine.add([root('r'), kid('r', 'a', 'continue'), kid('r', 'b', 'continue')]);
      await bench.failChild('no luck');
      const claimed = await bench.claim();
      expect(claimed.job).toMatchObject({ id: 'r', deferredFailure: undefined });
      expect(await bench.engine.children(jobs, 'r')).toMatchObject([
        { id: 'a', status: 'failed', reason: 'no luck' },
        { id: 'b', status: 'pending' },
      ]);
    });

    it('lets it wait for the others: ignore', async () => {
      await bench.engine.add([root('r'), kid('r', 'a', 'ignore'), kid('r', 'b', 'ignore')]);
      await bench.failChild('no luck');
      expect(await bench.stateOf('r')).toBe('waiting-children');
      await bench.completeChild();
      await bench.complete(await bench.claim());
      expect(await bench.engine.children(jobs, 'r')).toMatchObject([
        { id: 'a', status: 'failed', reason: 'no luck' },
        { id: 'b', status: 'completed' },
      ]);
    });

    it('is no child any more: remove', async () => {
      await bench.engine.add([root('r'), kid('r', 'a', 'remove'), kid('r', 'b', 'remove')]);
      await bench.failChild();
      expect(await bench.stateOf('r')).toBe('waiting-children');
      expect((await bench.engine.children(jobs, 'r')).map(({ id }) => id)).toEqual(['b']);
      await bench.completeChild();
      await bench.complete(await bench.claim());
    });

    it('keeps it waiting until it is retried, and completes: wait', async () => {
      await bench.engine.add([root('r'), kid('r', 'a', 'wait')]);
      await bench.failChild();
      expect(await bench.stateOf('r')).toBe('waiting-children');
      expect(await bench.engine.children(jobs, 'r')).toMatchObject([{ id: 'a', status: 'pending' }]);
      await bench.engine.retry(kids, 'a');
      await bench.completeChild('"at last"');
      expect(await bench.claimIds()).toEqual(['r']);
    });
  });

  describe('a child that fails for good, of a job that is parked,', () => {
    it('stays pending until it is retried, and completes: wait', async () => {
      const parent = await bench.waitingParent(['k-0'], 'wait');
      await bench.failChild();
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      expect(await bench.engine.children(jobs, parent)).toMatchObject([{ id: 'k-0', status: 'pending' }]);
      await bench.engine.retry(kids, 'k-0');
      await bench.completeChild('"at last"');
      const claimed = await bench.claim();
      expect(await bench.engine.children(jobs, parent)).toMatchObject([{ status: 'completed', value: '"at last"' }]);
      await bench.complete(claimed);
    });

    it('C4: keeps it waiting no longer than it is there: wait', async () => {
      const parent = await bench.waitingParent(['k-0'], 'wait');
      await bench.failChild();
      expect(await bench.engine.remove(kids, 'k-0')).toBe('removed');
      expect(await bench.claimIds()).toEqual([parent]);
      expect(await bench.engine.children(jobs, parent)).toEqual([]);
    });

    it('C4: keeps it waiting no longer than it is kept: wait', async () => {
      const parent = await bench.begin();
      for (const [jobId, removeOnFail] of Object.entries({ a: true, b: false, c: 1 })) {
        await bench.addChildOf(parent.job.id, { onFailure: 'wait' }, { jobId, removeOnFail });
      }
      await bench.engine.moveToWaitingChildren(parent.lease, next(parent), { groups: ['gate'] });
      expect(await bench.failChild()).toBe('a'); // isn't kept itself
      expect((await bench.engine.children(jobs, parent.job.id)).map(({ id }) => id)).toEqual(['b', 'c']);
      expect(await bench.failChild()).toBe('b');
      expect(await bench.failChild()).toBe('c'); // b isn't kept any more
      expect((await bench.engine.children(jobs, parent.job.id)).map(({ id }) => id)).toEqual(['c']);
      expect(await bench.stateOf(parent.job.id)).toBe('waiting-children');
      await bench.engine.remove(kids, 'c');
      expect(await bench.claimIds()).toEqual([parent.job.id]);
    });

    it('does not let it complete: wait', async () => {
      const parent = await bench.begin();
      await bench.addChildOf(parent.job.id, { onFailure: 'wait' });
      await bench.failChild();
      expect(await bench.engine.complete(parent.lease, next(parent), undefined, 0)).toBe('waiting-children');
    });

    it('is no child any more, not even when it is retried: remove', async () => {
      const parent = await bench.waitingParent(['k-0', 'k-1'], 'remove');
      await bench.failChild();
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      await bench.failChild();
      expect(await bench.engine.children(jobs, parent)).toEqual([]);
      const claimed = await bench.claim();
      await bench.engine.retry(kids, 'k-0');
      expect(await bench.engine.complete(claimed.lease, next(claimed), undefined, 0)).toBe('completed');
    });

    it('is no failure of its parent: remove', async () => {
      const parent = await bench.begin();
      await bench.addChildOf(parent.job.id, { onFailure: 'remove' });
      await bench.failChild();
      expect(await bench.engine.complete(parent.lease, next(parent), undefined, 0)).toBe('completed');
    });
  });

  describe('retry of a job that was added with children', () => {
    it('lets it run at once', async () => {
      await bench.engine.add([root('r'), kid('r', 'a')]);
      await bench.completeChild();
      const claimed = await bench.claim();
      await bench.engine.fail(claimed.lease, next(claimed), failure(), bench.engine.clock.now());
      const again = await bench.claim();
      await bench.fail(again);
      await bench.engine.retry(jobs, 'r');
      expect(await bench.claimIds()).toEqual(['r']);
    });
  });
}
