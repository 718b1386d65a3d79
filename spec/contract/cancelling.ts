import { JobCancelledError, LeaseLostError } from '../../src/errors.js';
import { child, failure, jobs, kids, lockDuration, next, outcome, type Bench } from './bench.js';
import { kinds } from './kinds.js';

export function cancellingContract(bench: Bench): void {
  describe('cancel', () => {
    it.each(['waiting', 'delayed', 'waiting-children'])('W5: fails a %s job', async (state) => {
      let id: string;
      if (state === 'waiting-children') id = await bench.waitingParent(['k-0']);
      else id = await bench.add(state === 'delayed' ? { delay: 60_000 } : {});
      const heard = bench.listen();
      expect(await bench.engine.cancel(jobs, id, 'not wanted')).toBe(true);
      const job = await bench.job(id);
      expect(job).toMatchObject({
        state: 'failed',
        failedCode: 'JOB_CANCELLED',
        failedReason: 'not wanted',
        due: undefined,
      });
      expect(job.finishedOn).toBeLessThanOrEqual(bench.engine.clock.now());
      expect(await heard.all()).toMatchObject([{ type: 'failed', code: 'JOB_CANCELLED', reason: 'not wanted' }]);
      await bench.advance(100_000);
      expect(await bench.claimIds()).toEqual([]);
    });

    describe.each(kinds)('of an active job: $title', ({ send, answer, opts, state }) => {
      it('W5: is refused for its cancellation, and changes nothing', async () => {
        const claimed = await bench.begin();
        expect(await bench.engine.cancel(jobs, claimed.job.id, 'not wanted')).toBe(true);
        const before = await bench.seen(claimed.job.id);
        const sent = outcome(() => send(bench.engine, claimed.lease, next(claimed)));
        await expect(sent).rejects.toEqual(new JobCancelledError('not wanted'));
        expect(await bench.seen(claimed.job.id)).toEqual(before);
      });

      it('W5: comes through when it was first', async () => {
        const claimed = await bench.begin(opts);
        const sent = outcome(() => send(bench.engine, claimed.lease, next(claimed)));
        const cancelled = outcome(() => bench.engine.cancel(jobs, claimed.job.id, 'late'));
        expect(await sent).toBe(answer);
        const wasSettled = state === undefined || state === 'completed' || state === 'failed';
        expect(await cancelled).toBe(!wasSettled);
      });
    });

    it('W5: ends the lease', async () => {
      const claimed = await bench.begin();
      await bench.engine.cancel(jobs, claimed.job.id, 'not wanted');
      expect(await bench.engine.renew([claimed.lease], lockDuration)).toEqual([claimed.lease]);
      await bench.advance(1.5 * lockDuration);
      expect(await bench.engine.recoverStalled(jobs, 1)).toEqual(bench.recovery(false));
    });

    it('leaves finished jobs alone, and those that are not there', async () => {
      const completed = await bench.begin();
      await bench.engine.complete(completed.lease, next(completed), '"done"', 0);
      const failed = await bench.begin();
      await bench.engine.fail(failed.lease, next(failed), failure());
      for (const id of [completed.job.id, failed.job.id, 'nobody']) {
        expect(await bench.engine.cancel(jobs, id, 'late')).toBe(false);
      }
      expect(await bench.job(completed.job.id)).toMatchObject({ state: 'completed', returnvalue: '"done"' });
      expect(await bench.job(failed.job.id)).toMatchObject({ state: 'failed', failedReason: 'it broke' });
    });

    it('W5: cancels its unfinished children too, and theirs; it is not woken by them', async () => {
      const heard = bench.listen();
      const parent = await bench.waitingParent(['done', 'running', 'open']);
      await bench.completeChild();
      const running = await bench.claim(kids);
      const grandchild = { ...child('running', 'deep'), parent: { ...child('running', 'deep').parent!, queue: kids } };
      await bench.engine.checkpoint(running.lease, next(running, { children: [grandchild] }));
      await bench.engine.cancel(jobs, parent, 'not wanted');
      const states = await Promise.all(['done', 'running', 'open', 'deep'].map((id) => bench.stateOf(id, kids)));
      expect(states).toEqual(['completed', 'failed', 'failed', 'failed']);
      await expect(outcome(() => bench.engine.checkpoint(running.lease, { seq: 2 }))).rejects.toThrow(
        JobCancelledError,
      );
      expect((await heard.types(parent)).slice(-2)).toEqual(['waiting-children', 'failed']);
    });

    it('C4: of a child wakes the parent that waits for it', async () => {
      const parent = await bench.waitingParent(['k-0', 'k-1']);
      await bench.engine.cancel(kids, 'k-0', 'not wanted');
      expect(await bench.stateOf(parent)).toBe('waiting');
      expect(await bench.engine.children(jobs, parent)).toMatchObject([
        { status: 'failed', reason: 'not wanted' },
        { status: 'pending' },
      ]);
    });

    it('keeps no job that removeOnFail says is not to be kept', async () => {
      const claimed = await bench.begin({ removeOnFail: true });
      await bench.engine.cancel(jobs, claimed.job.id, 'not wanted');
      expect(await bench.stateOf(claimed.job.id)).toBeUndefined();
      const sent = outcome(() => bench.engine.checkpoint(claimed.lease, next(claimed)));
      await expect(sent).rejects.toThrow(LeaseLostError);
    });

    it('lets a job be retried that had not begun', async () => {
      const id = await bench.add();
      await bench.engine.cancel(jobs, id, 'not wanted');
      await bench.engine.retry(jobs, id);
      const claimed = await bench.claim();
      expect(claimed.job.checkpoint).toBeUndefined();
      await bench.engine.checkpoint(claimed.lease, next(claimed));
    });

    it('leaves a job alone that has taken the id of a child that is gone', async () => {
      const parent = await bench.begin();
      await bench.addChildOf(parent.job.id, {}, { jobId: 'brief', removeOnComplete: true });
      await bench.completeChild();
      await bench.addChildOf(parent.job.id, {}, { jobId: 'gone', removeOnComplete: true });
      await bench.completeChild();
      await bench.add({ jobId: 'brief' }, { queue: kids });
      expect(await bench.engine.cancel(jobs, parent.job.id, 'not wanted')).toBe(true);
      expect(await bench.stateOf('brief', kids)).toBe('waiting');
      expect(await bench.engine.remove(jobs, parent.job.id)).toBe('removed');
      expect(await bench.claimIds(kids)).toEqual(['brief']);
    });

    it('counts as a write, and lets the job be retried from its checkpoint', async () => {
      const claimed = await bench.begin();
      await bench.engine.checkpoint(claimed.lease, next(claimed));
      await bench.engine.cancel(jobs, claimed.job.id, 'not wanted');
      await bench.engine.retry(jobs, claimed.job.id);
      const again = await bench.claim();
      expect(again.job).toMatchObject({ checkpoint: { seq: 2, cursor: 'begun' }, failedCode: undefined });
      await expect(outcome(() => bench.engine.checkpoint(claimed.lease, { seq: 2 }))).rejects.toThrow(LeaseLostError);
      await bench.engine.checkpoint(again.lease, { seq: 3 });
    });
  });
}
