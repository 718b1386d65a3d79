import { child, children, next, type Bench } from './bench.js';

const all = { all: { failuresSeen: 0 } };

export function waitingForAllContract(bench: Bench): void {
  describe('moveToWaitingChildren for all children', () => {
    it('wakes when no child of any group is pending', async () => {
      const heard = bench.listen();
      const parent = await bench.begin();
      const { id } = parent.job;
      const added = [child(id, 'a', 'continue', 'A'), child(id, 'b', 'ignore', 'B'), child(id, 'c', 'fail', 'C')];
      expect(await bench.engine.moveToWaitingChildren(parent.lease, next(parent, { children: added }), all)).toBe(true);
      await bench.failChild();
      await bench.failChild();
      expect(await bench.stateOf(id)).toBe('waiting-children');
      await bench.completeChild();
      expect(await bench.stateOf(id)).toBe('waiting');
      expect(await heard.wakings(id)).toBe(1);
    });

    it('waits for children that were added on their own, with this parent', async () => {
      const parent = await bench.begin();
      await bench.addChildOf(parent.job.id, {}, { jobId: 'attached' });
      expect(await bench.engine.moveToWaitingChildren(parent.lease, next(parent), all)).toBe(true);
      await bench.addChildOf(parent.job.id, {}, { jobId: 'late' });
      await bench.completeChild();
      expect(await bench.stateOf(parent.job.id)).toBe('waiting-children');
      await bench.completeChild();
      expect(await bench.stateOf(parent.job.id)).toBe('waiting');
    });

    it.each([0, 1, Infinity])(
      'C4: wakes when more than %d children have failed whose policy is fail',
      async (failuresSeen) => {
        const heard = bench.listen();
        const parent = await bench.begin();
        const write = next(parent, { children: children(parent.job.id, ['a', 'b', 'c'], 'fail') });
        const waiting = { all: { failuresSeen } };
        expect(await bench.engine.moveToWaitingChildren(parent.lease, write, waiting)).toBe(true);
        for (let failures = 1; failures <= 3; failures++) {
          expect(await bench.stateOf(parent.job.id)).toBe(failures - 1 > failuresSeen ? 'waiting' : 'waiting-children');
          await bench.failChild();
        }
        expect(await heard.wakings(parent.job.id)).toBe(1);
      },
    );

    it('C3: answers false when more have failed before', async () => {
      const parent = await bench.begin();
      const added = children(parent.job.id, ['a', 'b', 'c'], 'fail');
      await bench.engine.checkpoint(parent.lease, next(parent, { children: added }));
      await bench.failChild();
      expect(await bench.engine.moveToWaitingChildren(parent.lease, { seq: 2 }, all)).toBe(false);
      const seen = { all: { failuresSeen: 1 } };
      expect(await bench.engine.moveToWaitingChildren(parent.lease, { seq: 3 }, seen)).toBe(true);
    });

    it('wakes for a group or for all, whichever comes first', async () => {
      const parent = await bench.begin();
      const { id } = parent.job;
      const added = [child(id, 'a', 'fail', 'A'), child(id, 'b', 'continue', 'B'), child(id, 'c', 'fail', 'A')];
      const write = next(parent, { children: added });
      expect(await bench.engine.moveToWaitingChildren(parent.lease, write, { groups: ['B'], ...all })).toBe(true);
      await bench.failChild();
      expect(await bench.stateOf(id)).toBe('waiting');
    });
  });
}
