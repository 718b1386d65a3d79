import type { Waiting } from '../../src/engine/engine.js';
import type { ChildFailurePolicy } from '../../src/engine/records.js';
import { child, children, failure, jobs, kids, next, outcome, type Bench } from './bench.js';

const gate: Waiting = { groups: ['gate'] };
const all: Waiting = { all: { failuresSeen: 0 } };

export function waitingContract(bench: Bench): void {
  describe('moveToWaitingChildren', () => {
    it('saves, adds children and parks in one', async () => {
      const parent = await bench.begin();
      const fields = new Map([['g:0', 'x']]);
      const heard = bench.listen();
      const write = next(parent, { fields, progress: '1', children: children(parent.job.id, ['k-0', 'k-1']) });
      expect(await bench.engine.moveToWaitingChildren(parent.lease, write, gate)).toBe(true);
      expect(await bench.job(parent.job.id)).toMatchObject({
        state: 'waiting-children',
        attemptsMade: 0,
        due: undefined,
        checkpoint: { seq: 1, cursor: 'begun', fields },
      });
      expect(await bench.engine.children(jobs, parent.job.id)).toHaveLength(2);
      expect(await heard.types()).toEqual(['progress', 'waiting-children']);
    });

    it('I7: wakes the parent once, when the last child has completed', async () => {
      const heard = bench.listen();
      const parent = await bench.waitingParent(['k-0', 'k-1', 'k-2']);
      await bench.completeChild();
      await bench.completeChild();
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      expect(await bench.claimIds()).toEqual([]);
      await bench.completeChild();
      expect(await bench.stateOf(parent)).toBe('waiting');
      expect(await heard.wakings(parent)).toBe(1);
      expect((await bench.claim()).job.checkpoint).toMatchObject({ seq: 1, cursor: 'begun' });
    });

    it('C3: answers false, the write saved and the lease held, when the children have finished before', async () => {
      const heard = bench.listen();
      const parent = await bench.begin();
      await bench.engine.checkpoint(parent.lease, next(parent, { children: children(parent.job.id, ['k-0']) }));
      await bench.completeChild();
      expect(await bench.engine.moveToWaitingChildren(parent.lease, { seq: 2, cursor: 'b' }, gate)).toBe(false);
      expect(await bench.job(parent.job.id)).toMatchObject({ state: 'active', checkpoint: { seq: 2, cursor: 'b' } });
      await bench.engine.checkpoint(parent.lease, { seq: 3 });
      expect(await heard.wakings(parent.job.id)).toBe(0);
    });

    it.each(['completes', 'fails'] as const)(
      'C3: wakes once, or need not, when a child %s while it parks',
      async (how) => {
        for (const parkFirst of [true, false]) {
          const heard = bench.listen();
          const parent = await bench.begin();
          const id = `kid-${parkFirst}`;
          await bench.engine.checkpoint(parent.lease, next(parent, { children: [child(parent.job.id, id)] }));
          const kid = await bench.claim(kids);
          const park = () => outcome(() => bench.engine.moveToWaitingChildren(parent.lease, { seq: 2 }, gate));
          const end = () =>
            outcome(() =>
              how === 'completes'
                ? bench.engine.complete(kid.lease, next(kid), undefined, 0)
                : bench.engine.fail(kid.lease, next(kid), failure()),
            );
          const calls = parkFirst ? [park(), end()] : [end(), park()];
          const parked = (await Promise.all(calls)).find((answer) => typeof answer === 'boolean');
          expect(await bench.stateOf(parent.job.id)).toBe(parked ? 'waiting' : 'active');
          expect(await heard.wakings(parent.job.id)).toBe(parked ? 1 : 0);
          heard.stop();
          await bench.claimIds();
        }
      },
    );

    it('answers false when there are no children to wait for, now or ever', async () => {
      const parent = await bench.begin();
      const { engine } = bench;
      expect(await engine.moveToWaitingChildren(parent.lease, { seq: 1, cursor: 'a' }, gate)).toBe(false);
      expect(await engine.moveToWaitingChildren(parent.lease, { seq: 2 }, all)).toBe(false);
      const due = engine.clock.now() + 60_000;
      expect(await engine.moveToWaitingChildren(parent.lease, { seq: 3 }, { ...gate, due })).toBe(false);
      const kid = child(parent.job.id, 'k-0');
      expect(await engine.moveToWaitingChildren(parent.lease, { seq: 4, children: [kid] }, {})).toBe(false);
      expect(await engine.moveToWaitingChildren(parent.lease, { seq: 5 }, { groups: [] })).toBe(false);
      expect(await bench.job(parent.job.id)).toMatchObject({ state: 'active', checkpoint: { seq: 5 } });
    });

    it('C5: is neither held nor woken by the children of another group', async () => {
      const parent = await bench.begin();
      const id = parent.job.id;
      const added = [
        child(id, 'other-0', 'continue', 'other'),
        child(id, 'mine'),
        child(id, 'other-1', 'continue', 'other'),
      ];
      expect(await bench.engine.moveToWaitingChildren(parent.lease, next(parent, { children: added }), gate)).toBe(
        true,
      );
      expect(await bench.failChild()).toBe('other-0');
      expect(await bench.stateOf(id)).toBe('waiting-children');
      expect(await bench.completeChild()).toBe('mine');
      expect(await bench.stateOf(id)).toBe('waiting');
    });

    it('wakes as soon as one of several groups is settled, and once', async () => {
      const heard = bench.listen();
      const parent = await bench.begin();
      const { id } = parent.job;
      const added = [
        child(id, 'a', 'continue', 'A'),
        child(id, 'b-0', 'continue', 'B'),
        child(id, 'b-1', 'continue', 'B'),
      ];
      const write = next(parent, { children: added });
      expect(await bench.engine.moveToWaitingChildren(parent.lease, write, { groups: ['B', 'A'] })).toBe(true);
      expect(await bench.completeChild()).toBe('a');
      expect(await bench.stateOf(id)).toBe('waiting');
      await bench.completeChild();
      await bench.completeChild();
      expect(await heard.wakings(id)).toBe(1);
    });

    it('C4: wakes at once when a child fails for good whose policy is continue, and once', async () => {
      const heard = bench.listen();
      const parent = await bench.waitingParent(['k-0', 'k-1', 'k-2'], 'continue');
      await bench.failChild();
      expect(await bench.stateOf(parent)).toBe('waiting');
      await bench.failChild();
      await bench.completeChild();
      expect(await heard.wakings(parent)).toBe(1);
    });

    it('C4: answers false when such a child has failed already, with others pending', async () => {
      const parent = await bench.begin();
      await bench.engine.checkpoint(parent.lease, next(parent, { children: children(parent.job.id, ['k-0', 'k-1']) }));
      await bench.failChild();
      expect(await bench.engine.moveToWaitingChildren(parent.lease, { seq: 2 }, gate)).toBe(false);
    });

    it.each<ChildFailurePolicy>(['ignore', 'fail'])(
      'waits for the whole group when a child fails whose policy is %s',
      async (policy) => {
        const heard = bench.listen();
        const parent = await bench.waitingParent(['k-0', 'k-1'], policy);
        await bench.failChild();
        expect(await bench.stateOf(parent)).toBe('waiting-children');
        await bench.completeChild();
        expect(await bench.stateOf(parent)).toBe('waiting');
        expect(await heard.wakings(parent)).toBe(1);
      },
    );

    it('is not woken by a child that fails and is tried again', async () => {
      const parent = await bench.waitingParent(['k-0']);
      const kid = await bench.claim(kids);
      await bench.engine.fail(kid.lease, next(kid), failure(), bench.engine.clock.now());
      expect(await bench.stateOf(parent)).toBe('waiting-children');
      await bench.completeChild();
      expect(await bench.stateOf(parent)).toBe('waiting');
    });

    it('wakes a parent whose child is in the same queue, and grandparents in their turn', async () => {
      const top = await bench.begin({ jobId: 'top' });
      const below = (parent: string, id: string) => ({ ...child(parent, id), queue: jobs });
      const { engine } = bench;
      await engine.moveToWaitingChildren(top.lease, next(top, { children: [below('top', 'middle')] }), gate);
      const middle = await bench.claim();
      await engine.moveToWaitingChildren(middle.lease, next(middle, { children: [below('middle', 'leaf')] }), gate);
      const leaf = await bench.claim();
      await engine.complete(leaf.lease, next(leaf), undefined, 0);
      const again = await bench.claim();
      expect(again.job.id).toBe('middle');
      expect(await bench.stateOf('top')).toBe('waiting-children');
      await engine.complete(again.lease, next(again), undefined, 0);
      expect((await bench.claim()).job.id).toBe('top');
    });
  });
}
