import { LeaseLostError } from '../../src/errors.js';
import { jobs, lockDuration, next, outcome, type Bench } from './bench.js';
import { kinds } from './kinds.js';

export function resendContract(bench: Bench): void {
  describe('the number of a write', () => {
    it.each(kinds)('W1: $title is refused unless it is the stored one plus 1, and changes nothing', async (kind) => {
      const first = await bench.begin(kind.opts);
      await bench.engine.checkpoint(first.lease, next(first));
      const before = await bench.seen(first.job.id);
      for (const seq of [3, 0, -1, 1.5, Number.NaN]) {
        const write = { seq, cursor: 'gap', fields: new Map([['f', 'x']]) };
        await expect(outcome(() => kind.send(bench.engine, first.lease, write))).rejects.toThrow(LeaseLostError);
      }
      expect(await bench.seen(first.job.id)).toEqual(before);
      expect(await kind.send(bench.engine, first.lease, { seq: 2 })).toBe(kind.answer);
    });

    it('I4: goes on over activations', async () => {
      const first = await bench.begin();
      await bench.engine.checkpoint(first.lease, { seq: 1, cursor: 'a' });
      await bench.engine.release(first.lease, { seq: 2 });
      const second = await bench.claim();
      expect(second.job.checkpoint?.seq).toBe(2);
      await expect(outcome(() => bench.engine.checkpoint(second.lease, { seq: 1 }))).rejects.toThrow(LeaseLostError);
      await bench.engine.checkpoint(second.lease, { seq: 3 });
      expect((await bench.job(first.job.id)).checkpoint?.seq).toBe(3);
    });
  });

  describe('a resend', () => {
    it.each(kinds)('W1: of $title gets the first answer and changes nothing', async ({ opts, send, answer }) => {
      const claimed = await bench.begin(opts);
      const write = next(claimed, { fields: new Map([['f', '1']]) });
      expect(await send(bench.engine, claimed.lease, write)).toBe(answer);
      const before = await bench.seen(claimed.job.id);
      expect(await send(bench.engine, claimed.lease, write)).toBe(answer);
      expect(await bench.seen(claimed.job.id)).toEqual(before);
    });

    it.each(kinds)('W1: of $title is answered after the lease has run out', async ({ opts, send, answer }) => {
      const claimed = await bench.begin(opts);
      const write = next(claimed);
      await send(bench.engine, claimed.lease, write);
      const before = await bench.seen(claimed.job.id);
      await bench.advance(2 * lockDuration);
      expect(await send(bench.engine, claimed.lease, write)).toBe(answer);
      expect(await bench.seen(claimed.job.id)).toEqual(before);
    });

    it.each(['moveToDelayed to a time that has passed', 'fail with a retry at once', 'release'])(
      'W1: of %s is answered though another activation holds the job, and does not disturb it',
      async (title) => {
        const { send, answer } = kinds.find((kind) => kind.title === title)!;
        const claimed = await bench.begin();
        await send(bench.engine, claimed.lease, next(claimed));
        const holder = await bench.claim();
        const before = await bench.seen(claimed.job.id);
        expect(await send(bench.engine, claimed.lease, next(claimed))).toBe(answer);
        expect(await bench.seen(claimed.job.id)).toEqual(before);
        await bench.engine.checkpoint(holder.lease, next(holder));
      },
    );

    it('of moveToWaitingChildren is answered as the first time, though its children have completed meanwhile', async () => {
      const parent = await bench.begin();
      const { send } = kinds.find(({ answer }) => answer === true)!;
      const write = next(parent);
      await send(bench.engine, parent.lease, write);
      await bench.completeChild();
      await bench.completeChild();
      expect(await send(bench.engine, parent.lease, write)).toBe(true);
      expect(await bench.claimIds()).toEqual([parent.job.id]);
    });

    it('adds its children once, even when they have completed and were removed meanwhile', async () => {
      const parent = await bench.begin();
      const kid = { jobId: 'kid', removeOnComplete: true };
      const link = { queue: jobs, id: parent.job.id, group: 'gate', onFailure: 'continue' } as const;
      const write = next(parent, {
        children: [{ queue: 'kids', name: 'kid', data: undefined, opts: kid, timestamp: 0, parent: link }],
      });
      await bench.engine.checkpoint(parent.lease, write);
      await bench.completeChild('"done"');
      await bench.engine.checkpoint(parent.lease, write);
      await bench.engine.checkpoint(parent.lease, { ...write, seq: 2 }); // not even a later write adds it again
      expect(await bench.claimIds('kids')).toEqual([]);
      expect(await bench.engine.children(jobs, parent.job.id)).toMatchObject([{ id: 'kid', status: 'completed' }]);
    });

    it('is of the last write: an older one is refused', async () => {
      const { lease, job } = await bench.begin();
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a' });
      await bench.engine.checkpoint(lease, { seq: 2, cursor: 'b' });
      await expect(outcome(() => bench.engine.checkpoint(lease, { seq: 1, cursor: 'a' }))).rejects.toThrow(
        LeaseLostError,
      );
      expect((await bench.job(job.id)).checkpoint).toMatchObject({ seq: 2, cursor: 'b' });
    });

    it('of a write that was refused is judged anew', async () => {
      const { lease, job } = await bench.begin();
      const write = { seq: 2, cursor: 'b' };
      await expect(outcome(() => bench.engine.checkpoint(lease, write))).rejects.toThrow(LeaseLostError);
      await bench.engine.checkpoint(lease, { seq: 1, cursor: 'a' });
      await bench.engine.checkpoint(lease, write);
      expect((await bench.job(job.id)).checkpoint).toMatchObject({ seq: 2, cursor: 'b' });
    });
  });
}
