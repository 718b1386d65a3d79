import { child, children, failure, jobs, kids, next, outcome, type Bench } from './bench.js';

export function childrenContract(bench: Bench): void {
  describe('children', () => {
    it('are listed in the order in which they were added, each with where it stands', async () => {
      const parent = await bench.begin();
      const ids = ['d', 'c', 'b', 'a'];
      await bench.engine.checkpoint(parent.lease, next(parent, { children: children(parent.job.id, ids) }));
      await bench.completeChild('"done"');
      await bench.completeChild(undefined);
      await bench.failChild('no luck');
      const listed = await bench.engine.children(jobs, parent.job.id);
      expect(listed.map(({ id, status, value, reason }) => [id, status, value, reason])).toEqual([
        ['d', 'completed', '"done"', undefined],
        ['c', 'completed', undefined, undefined],
        ['b', 'failed', undefined, 'no luck'],
        ['a', 'pending', undefined, undefined],
      ]);
    });

    it('C5: are listed by group', async () => {
      const parent = await bench.begin();
      const { id } = parent.job;
      const added = [
        child(id, 'a-0', 'continue', 'A'),
        child(id, 'b-0', 'ignore', 'B'),
        child(id, 'a-1', 'continue', 'A'),
      ];
      await bench.engine.checkpoint(parent.lease, next(parent, { children: added }));
      const idsOf = async (group?: string) => (await bench.engine.children(jobs, id, group)).map((each) => each.id);
      expect(await idsOf('A')).toEqual(['a-0', 'a-1']);
      expect(await idsOf('B')).toEqual(['b-0']);
      expect(await idsOf('C')).toEqual([]);
      expect(await idsOf()).toEqual(['a-0', 'b-0', 'a-1']);
    });

    it('may have the same id in two queues', async () => {
      const parent = await bench.begin();
      const twins = [child(parent.job.id, 'twin'), { ...child(parent.job.id, 'twin'), queue: 'others' }];
      await bench.engine.checkpoint(parent.lease, next(parent, { children: twins }));
      await bench.completeChild('1');
      expect(await bench.engine.children(jobs, parent.job.id)).toMatchObject([
        { queue: kids, id: 'twin', status: 'completed', value: '1' },
        { queue: 'others', id: 'twin', status: 'pending' },
      ]);
    });

    it('are known with their results, though their jobs are not kept', async () => {
      const parent = await bench.begin();
      await bench.addChildOf(parent.job.id, {}, { jobId: 'brief', removeOnComplete: true });
      await bench.addChildOf(parent.job.id, {}, { jobId: 'bad', removeOnFail: true });
      await bench.completeChild('"done"');
      await bench.failChild('no luck');
      expect(await bench.engine.get(kids, 'brief')).toBeUndefined();
      expect(await bench.engine.get(kids, 'bad')).toBeUndefined();
      expect(await bench.engine.children(jobs, parent.job.id)).toMatchObject([
        { id: 'brief', status: 'completed', value: '"done"' },
        { id: 'bad', status: 'failed', reason: 'no luck' },
      ]);
    });

    it('are none of a job without any, and of a job that is not there', async () => {
      expect(await bench.engine.children(jobs, await bench.add())).toEqual([]);
      expect(await bench.engine.children('nowhere', 'nobody')).toEqual([]);
    });

    it('are answered as they are now: what happens later changes no answer', async () => {
      const parent = await bench.waitingParent(['k-0']);
      const before = await bench.engine.children(jobs, parent);
      await bench.completeChild();
      expect(before).toMatchObject([{ status: 'pending' }]);
    });

    it('that end after their parent has failed disturb nobody', async () => {
      const parent = await bench.begin();
      await bench.engine.checkpoint(parent.lease, next(parent, { children: children(parent.job.id, ['k-0', 'k-1']) }));
      await bench.engine.fail(parent.lease, { seq: 2 }, failure());
      await bench.completeChild();
      await bench.failChild();
      expect(await bench.stateOf(parent.job.id)).toBe('failed');
      expect(await bench.claimIds()).toEqual([]);
    });

    it('that end after their parent is gone disturb nobody', async () => {
      const parent = await bench.begin({ removeOnFail: true });
      await bench.engine.checkpoint(parent.lease, next(parent, { children: children(parent.job.id, ['k-0']) }));
      await bench.engine.fail(parent.lease, { seq: 2 }, failure());
      await bench.completeChild();
      expect(await bench.engine.children(jobs, parent.job.id)).toEqual([]);
      expect(await bench.claimIds()).toEqual([]);
    });

    it('that end, or are tried again, after another job has taken the id of their parent disturb nobody', async () => {
      const options = { jobId: 'parent', removeOnFail: true };
      const old = await bench.begin(options);
      await bench.engine.checkpoint(old.lease, next(old, { children: children('parent', ['old-0', 'old-1']) }));
      await bench.engine.fail(old.lease, { seq: 2 }, failure());
      const parent = await bench.begin(options);
      const write = next(parent, { children: [child('parent', 'new-0')] });
      expect(await bench.engine.moveToWaitingChildren(parent.lease, write, { groups: ['gate'] })).toBe(true);
      expect(await bench.completeChild()).toBe('old-0');
      expect(await bench.failChild()).toBe('old-1');
      await bench.engine.retry(kids, 'old-1');
      await bench.engine.remove(kids, 'old-1');
      expect(await bench.stateOf('parent')).toBe('waiting-children');
      expect(await bench.engine.children(jobs, 'parent')).toMatchObject([{ id: 'new-0', status: 'pending' }]);
      await bench.completeChild();
      expect(await bench.claimIds()).toEqual(['parent']);
    });

    it('C2: are added once, whatever order two writers come in', async () => {
      const parent = await bench.begin();
      const write = next(parent, { children: children(parent.job.id, ['k-0', 'k-1']) });
      const send = () => outcome(() => bench.engine.checkpoint(parent.lease, write));
      await Promise.all([send(), send()]);
      expect(await bench.engine.children(jobs, parent.job.id)).toHaveLength(2);
      expect(await bench.claimIds(kids)).toEqual(['k-0', 'k-1']);
    });
  });
}
