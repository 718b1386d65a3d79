import { child, children, jobs, kids, newJob, next, outcome, type Bench } from './bench.js';

export function checkpointContract(bench: Bench): void {
  describe('a write', () => {
    it('sets fields and removes fields, and leaves the others', async () => {
      const { lease, job } = await bench.begin();
      const write = {
        seq: 1,
        cursor: 'a',
        fields: new Map([
          ['a', '1'],
          ['b', '2'],
          ['c', '3'],
        ]),
      };
      await bench.engine.checkpoint(lease, write);
      const fields = new Map([
        ['a', null],
        ['b', '20'],
        ['d', '4'],
        ['never', null],
      ]);
      await bench.engine.checkpoint(lease, { seq: 2, fields });
      const left = new Map([
        ['b', '20'],
        ['c', '3'],
        ['d', '4'],
      ]);
      expect((await bench.job(job.id)).checkpoint).toEqual({ seq: 2, cursor: 'a', fields: left });
    });

    it('keeps an empty text, which is no absence', async () => {
      const { lease, job } = await bench.begin();
      await bench.engine.checkpoint(lease, { seq: 1, cursor: '', fields: new Map([['empty', '']]), progress: '' });
      expect(await bench.job(job.id)).toMatchObject({
        checkpoint: { seq: 1, cursor: '', fields: new Map([['empty', '']]) },
        progress: '',
      });
    });

    it('keeps any text as it is', async () => {
      const { lease, job } = await bench.begin();
      const text = 'ünï\u0000\n"\\u0041" 🧦 \u2028 {{}} \r';
      await bench.engine.checkpoint(lease, { seq: 1, cursor: text, fields: new Map([[text, text]]), progress: text });
      expect(await bench.job(job.id)).toMatchObject({
        checkpoint: { cursor: text, fields: new Map([[text, text]]) },
        progress: text,
      });
    });

    it('replaces the cursor and the progress when it has them, and leaves them when not', async () => {
      const { lease, job } = await bench.begin();
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a', progress: '1' });
      await bench.engine.checkpoint(lease, { seq: 2 });
      expect(await bench.job(job.id)).toMatchObject({ checkpoint: { seq: 2, cursor: 'a' }, progress: '1' });
      await bench.engine.checkpoint(lease, { seq: 3, cursor: 'b', progress: '2' });
      expect(await bench.job(job.id)).toMatchObject({ checkpoint: { seq: 3, cursor: 'b' }, progress: '2' });
    });

    it('leaves the job active, and all else of it as it is', async () => {
      const claimed = await bench.begin();
      await bench.engine.checkpoint(claimed.lease, next(claimed, { cursor: 'a', progress: '1' }));
      const { seq: _, checkpoint: __, progress: ___, eventId: ____, ...rest } = claimed.job;
      expect(await bench.job(claimed.job.id)).toMatchObject(rest);
    });

    it('tells of progress when it has some', async () => {
      const { lease, job } = await bench.begin();
      const heard = bench.listen();
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a', progress: '{"n":1}' });
      await bench.engine.checkpoint(lease, { seq: 2, fields: new Map([['f', '1']]) });
      expect(await heard.all()).toMatchObject([{ type: 'progress', jobId: job.id, data: '{"n":1}' }]);
    });

    it('adds children with it, in their order', async () => {
      const { lease, job } = await bench.begin();
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a', children: children(job.id, ['k-0', 'k-1']) });
      expect(await bench.engine.children(jobs, job.id)).toEqual(
        ['k-0', 'k-1'].map((id) => ({
          queue: kids,
          id,
          group: 'gate',
          onFailure: 'continue',
          status: 'pending',
          value: undefined,
          reason: undefined,
        })),
      );
      expect((await bench.job('k-0', kids)).parent).toEqual({
        queue: jobs,
        id: job.id,
        group: 'gate',
        onFailure: 'continue',
      });
      expect(await bench.claimIds(kids)).toEqual(['k-0', 'k-1']);
    });

    it('numbers children that come without an id', async () => {
      const { lease, job } = await bench.begin();
      const { parent } = child(job.id, '');
      const unnamed = [1, 2, 3].map(() => newJob({}, { queue: kids, parent: parent! }));
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a', children: unnamed });
      expect((await bench.engine.children(jobs, job.id)).map(({ id }) => id)).toEqual(['1', '2', '3']);
      expect(await bench.claimIds(kids)).toEqual(['1', '2', '3']);
    });

    it('adds jobs without a parent on their own', async () => {
      const { lease, job } = await bench.begin();
      await bench.engine.checkpoint(lease, {
        seq: 1,
        cursor: 'a',
        children: [newJob({ jobId: 'x' }, { queue: kids })],
      });
      expect(await bench.engine.children(jobs, job.id)).toEqual([]);
      expect(await bench.claimIds(kids)).toEqual(['x']);
      expect(await bench.engine.complete(lease, { seq: 2 }, undefined, 0)).toBe('completed');
    });

    it('delays and orders children like any job', async () => {
      const { lease, job } = await bench.begin();
      const { parent } = child(job.id, '');
      const timestamp = Math.floor(bench.engine.clock.now());
      const options = [{ jobId: 'later', delay: 60_000 }, { jobId: 'low', priority: 9 }, { jobId: 'high' }];
      const added = options.map((opts) => newJob(opts, { queue: kids, parent: parent!, timestamp }));
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a', children: added });
      expect(await bench.stateOf('later', kids)).toBe('delayed');
      expect(await bench.claimIds(kids)).toEqual(['high', 'low']);
    });

    it('leaves a job whose id a child has as it is: it is no child, and nobody waits for it', async () => {
      await bench.add({ jobId: 'taken' }, { queue: kids, data: '"mine"' });
      const { lease, job } = await bench.begin();
      const write = { seq: 1, cursor: 'a', children: [child(job.id, 'taken')] };
      expect(await bench.engine.moveToWaitingChildren(lease, write, { groups: ['gate'] })).toBe(false);
      expect(await bench.engine.children(jobs, job.id)).toEqual([]);
      expect(await bench.job('taken', kids)).toMatchObject({ data: '"mine"', parent: undefined });
      expect(await bench.engine.complete(lease, { seq: 2 }, undefined, 0)).toBe('completed');
    });

    it('happens wholly or not at all: a child that can not be stored keeps the rest out', async () => {
      const claimed = await bench.begin();
      const { job, lease } = claimed;
      const before = await bench.seen(job.id);
      const write = next(claimed, {
        fields: new Map([['f', '1']]),
        progress: '1',
        children: [child(job.id, 'k-0'), undefined as never],
      });
      await expect(outcome(() => bench.engine.checkpoint(lease, write))).rejects.toThrow();
      expect(await bench.seen(job.id)).toEqual(before);
      expect(await bench.stateOf('k-0', kids)).toBeUndefined();
      await bench.engine.checkpoint(lease, next(claimed));
    });

    it('keeps what it was given, whatever is done to its objects afterwards', async () => {
      const { lease, job } = await bench.begin();
      const fields = new Map<string, string | null>([['f', '1']]);
      const kid = child(job.id, 'k-0');
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a', fields, children: [kid] });
      fields.set('f', '2');
      Object.assign(kid.parent!, { onFailure: 'fail', group: 'other' });
      expect((await bench.job(job.id)).checkpoint?.fields).toEqual(new Map([['f', '1']]));
      expect(await bench.engine.children(jobs, job.id, 'gate')).toMatchObject([{ onFailure: 'continue' }]);
      expect((await bench.job('k-0', kids)).parent).toMatchObject({ onFailure: 'continue' });
    });
  });
}
