import { LeaseLostError } from '../../src/errors.js';
import type { Lease } from '../../src/engine/records.js';
import { jobs, lockDuration, next, outcome, type Bench } from './bench.js';
import { kinds } from './kinds.js';

export function leaseContract(bench: Bench): void {
  describe('a lease', () => {
    describe.each(kinds)('$title', ({ opts, send, answer, endsLease, state }) => {
      it('W1: is written under the lease that the job was claimed with', async () => {
        const claimed = await bench.begin(opts);
        expect(await send(bench.engine, claimed.lease, next(claimed))).toBe(answer);
        expect(await bench.stateOf(claimed.job.id)).toBe(state);
      });

      it('W1: is refused with another token, and changes nothing', async () => {
        const claimed = await bench.begin(opts);
        const before = await bench.seen(claimed.job.id);
        const forged = { ...claimed.lease, token: `${claimed.lease.token}0` };
        await expect(outcome(() => send(bench.engine, forged, next(claimed)))).rejects.toThrow(LeaseLostError);
        expect(await bench.seen(claimed.job.id)).toEqual(before);
        await send(bench.engine, claimed.lease, next(claimed));
      });

      it('W1: is refused once the lease has run out, though nobody else has claimed the job', async () => {
        const claimed = await bench.begin(opts);
        await bench.advance(1.5 * lockDuration);
        const before = await bench.seen(claimed.job.id);
        await expect(outcome(() => send(bench.engine, claimed.lease, next(claimed)))).rejects.toThrow(LeaseLostError);
        expect(await bench.seen(claimed.job.id)).toEqual(before);
      });

      it('I5: is refused when another activation holds the job, whatever its number', async () => {
        const stale = await bench.begin(opts);
        await bench.advance(1.5 * lockDuration);
        await bench.engine.recoverStalled(jobs, 1);
        const holder = await bench.claim();
        await bench.engine.checkpoint(holder.lease, next(holder));
        const before = await bench.seen(stale.job.id);
        for (const seq of [1, 2]) {
          const write = { seq, cursor: 'stale' };
          await expect(outcome(() => send(bench.engine, stale.lease, write))).rejects.toThrow(LeaseLostError);
        }
        expect(await bench.seen(stale.job.id)).toEqual(before);
        await bench.engine.checkpoint(holder.lease, { seq: 2 });
      });

      it(`${endsLease ? 'ends' : 'leaves'} the lease${endsLease ? '' : ' as it is'}`, async () => {
        const claimed = await bench.begin(opts);
        await send(bench.engine, claimed.lease, next(claimed));
        const before = await bench.seen(claimed.job.id);
        const again = outcome(() => bench.engine.checkpoint(claimed.lease, { seq: 2, cursor: 'more' }));
        expect(await bench.engine.renew([claimed.lease], lockDuration)).toEqual(endsLease ? [claimed.lease] : []);
        if (!endsLease) await again;
        else {
          await expect(again).rejects.toThrow(LeaseLostError);
          expect(await bench.seen(claimed.job.id)).toEqual(before);
        }
      });
    });

    it('is refused for a job that is not there, in a queue that is not there', async () => {
      const lease: Lease = { queue: 'nowhere', jobId: 'nobody', token: '1' };
      await expect(outcome(() => bench.engine.checkpoint(lease, { seq: 1 }))).rejects.toThrow(LeaseLostError);
      expect(await bench.engine.get('nowhere', 'nobody')).toBeUndefined();
    });

    it('is of one job: that of another one, of the same worker, is refused', async () => {
      const [a, b] = [await bench.begin(), await bench.begin()];
      const swapped = { ...a.lease, jobId: b.job.id };
      await expect(outcome(() => bench.engine.checkpoint(swapped, next(b)))).rejects.toThrow(LeaseLostError);
    });
  });

  describe('renew', () => {
    it('prolongs leases from now on', async () => {
      const [kept, left] = [await bench.begin(), await bench.begin()];
      for (let round = 0; round < 3; round++) {
        await bench.advance(0.6 * lockDuration);
        expect(await bench.engine.renew([kept.lease], lockDuration)).toEqual([]);
      }
      await bench.engine.checkpoint(kept.lease, next(kept));
      await expect(outcome(() => bench.engine.checkpoint(left.lease, next(left)))).rejects.toThrow(LeaseLostError);
    });

    it('is for as long as it says', async () => {
      const claimed = await bench.begin();
      await bench.engine.renew([claimed.lease], 5 * lockDuration);
      await bench.advance(4 * lockDuration);
      expect((await bench.engine.recoverStalled(jobs, 1)).recovered).toEqual([]);
      await bench.engine.checkpoint(claimed.lease, next(claimed));
    });

    it('answers the leases that are lost, in their order, and prolongs the others all the same', async () => {
      const [takenOver, ended, held] = [await bench.begin(), await bench.begin(), await bench.begin()];
      await bench.engine.complete(ended.lease, next(ended), undefined, 0);
      await bench.engine.renew([held.lease], 2 * lockDuration);
      await bench.advance(1.5 * lockDuration);
      await bench.engine.recoverStalled(jobs, 1);
      const holder = await bench.claim();
      expect(holder.job.id).toBe(takenOver.job.id);
      const unknown: Lease = { queue: 'nowhere', jobId: 'nobody', token: '1' };
      const leases = [unknown, takenOver.lease, held.lease, ended.lease, holder.lease];
      expect(await bench.engine.renew(leases, lockDuration)).toEqual([unknown, takenOver.lease, ended.lease]);
      await bench.advance(0.75 * lockDuration);
      await bench.engine.checkpoint(held.lease, next(held));
      await bench.engine.checkpoint(holder.lease, next(holder));
    });

    it('does not bring back a lease that has run out', async () => {
      const claimed = await bench.begin();
      await bench.advance(1.5 * lockDuration);
      expect(await bench.engine.renew([claimed.lease], lockDuration)).toEqual([claimed.lease]);
      expect((await bench.engine.recoverStalled(jobs, 1)).recovered).toHaveLength(1);
    });

    it('changes nothing else of the job', async () => {
      const claimed = await bench.begin();
      const before = await bench.seen(claimed.job.id);
      await bench.engine.renew([claimed.lease], 2 * lockDuration);
      expect(await bench.seen(claimed.job.id)).toEqual(before);
    });
  });
}
