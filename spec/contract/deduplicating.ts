import type { Deduplication, JobOptions, NewJob } from '../../src/engine/records.js';
import { failure, jobs, kids, lockDuration, newJob, next, type Bench } from './bench.js';

const once = (more: Partial<Deduplication> = {}): JobOptions => ({ deduplication: { id: 'd', ...more } });

export function deduplicationContract(bench: Bench): void {
  const add = (jobId: string, opts: JobOptions, more: Partial<NewJob> = {}): Promise<string> =>
    bench.add({ jobId, ...opts }, more);

  describe('deduplication', () => {
    it('turns a job away while another holds the place, and answers that one', async () => {
      expect(await add('a', once())).toBe('a');
      expect(await bench.job('a')).toMatchObject({ deduplicationId: 'd' });
      const heard = bench.listen();
      expect(await add('b', once(), { data: '"other"' })).toBe('a');
      expect(await bench.engine.get(jobs, 'b')).toBeUndefined();
      expect(await heard.all()).toMatchObject([
        { type: 'deduplicated', jobId: 'a', deduplicationId: 'd', deduplicatedJobId: 'b' },
      ]);
      expect(await bench.claimIds()).toEqual(['a']);
    });

    it('uses up the id that the job would have had', async () => {
      expect(await bench.add(once())).toBe('1');
      const heard = bench.listen();
      expect(await bench.add(once())).toBe('1');
      expect(await heard.all()).toMatchObject([{ jobId: '1', deduplicatedJobId: '2' }]);
    });

    it('is of one id, and of one queue', async () => {
      await add('a', once());
      expect(await add('b', { deduplication: { id: 'e' } })).toBe('b');
      expect(await add('c', once(), { queue: kids })).toBe('c');
    });

    it('turns jobs of one call away, too', async () => {
      expect(await bench.addMany(3, once())).toEqual(['1', '1', '1']);
      expect(await bench.claimIds()).toEqual(['1']);
    });

    it('makes no child of a job that it turns away', async () => {
      const parent = await bench.begin();
      await bench.addChildOf(parent.job.id, {}, { jobId: 'a', ...once() });
      expect(await bench.addChildOf(parent.job.id, {}, { jobId: 'b', ...once() })).toBe('a');
      expect((await bench.engine.children(jobs, parent.job.id)).map(({ id }) => id)).toEqual(['a']);
    });

    it.each(['completes', 'fails for good', 'is removed', 'is cancelled', 'stalls too often'])(
      'ends when its job %s',
      async (how) => {
        await add('a', once());
        if (how === 'is removed') await bench.engine.remove(jobs, 'a');
        else if (how === 'is cancelled') await bench.engine.cancel(jobs, 'a', '');
        else {
          const claimed = await bench.claim();
          expect(await add('b', once())).toBe('a');
          if (how === 'completes') await bench.complete(claimed);
          else if (how === 'fails for good') await bench.fail(claimed);
          else {
            await bench.advance(1.5 * lockDuration);
            await bench.engine.recoverStalled(jobs, 0);
          }
        }
        expect(await bench.engine.deduplicationJob(jobs, 'd')).toBeUndefined();
        expect(await add('b', once())).toBe('b');
      },
    );

    it.each(['is tried again at once', 'is tried again later', 'is released', 'sleeps', 'stalls'])(
      'goes on when its job %s',
      async (how) => {
        const { engine } = bench;
        await add('a', once());
        const claimed = await bench.claim();
        const later = engine.clock.now() + 60_000;
        if (how === 'is tried again at once')
          await engine.fail(claimed.lease, next(claimed), failure(), engine.clock.now());
        if (how === 'is tried again later') await engine.fail(claimed.lease, next(claimed), failure(), later);
        if (how === 'is released') await engine.release(claimed.lease, next(claimed));
        if (how === 'sleeps') await engine.moveToDelayed(claimed.lease, next(claimed), later);
        if (how === 'stalls') {
          await bench.advance(1.5 * lockDuration);
          await engine.recoverStalled(jobs, 1);
        }
        expect(await add('b', once())).toBe('a');
      },
    );

    it('ends with its job though that is not kept', async () => {
      await add('a', { ...once(), removeOnComplete: true });
      await bench.complete(await bench.claim());
      expect(await add('b', once())).toBe('b');
    });
  });

  describe('deduplication for a time (ttl)', () => {
    const ttl = 1_000;

    it('ends when that is over, whatever has become of the job', async () => {
      await add('a', once({ ttl }));
      await bench.advance(500);
      expect(await add('b', once({ ttl }))).toBe('a');
      await bench.advance(1_000);
      expect(await bench.stateOf('a')).toBe('waiting');
      expect(await bench.engine.deduplicationJob(jobs, 'd')).toBeUndefined();
      expect(await add('b', once({ ttl }))).toBe('b');
    });

    it('goes on though the job has completed', async () => {
      await add('a', once({ ttl }));
      await bench.complete(await bench.claim());
      expect(await add('b', once({ ttl }))).toBe('a');
    });

    it('ends when the job is removed', async () => {
      await add('a', once({ ttl }));
      await bench.engine.remove(jobs, 'a');
      expect(await add('b', once({ ttl }))).toBe('b');
    });

    it('does not begin anew with a job that is turned away', async () => {
      await add('a', once({ ttl }));
      await bench.advance(700);
      await add('b', once({ ttl }));
      await bench.advance(700);
      expect(await add('b', once({ ttl }))).toBe('b');
    });

    it('begins anew with each job that is turned away, with extend', async () => {
      const extend = once({ ttl, extend: true });
      await add('a', extend);
      for (let round = 0; round < 3; round++) {
        await bench.advance(600);
        expect(await add('b', extend)).toBe('a');
      }
      await bench.advance(1_500);
      expect(await add('b', extend)).toBe('b');
    });
  });

  describe('deduplication that replaces', () => {
    it('lets the new job take the place of one that is delayed', async () => {
      await add('a', { ...once({ replace: true }), delay: 60_000 });
      const heard = bench.listen();
      expect(await add('b', { ...once({ replace: true }), delay: 500 })).toBe('b');
      expect(await bench.engine.get(jobs, 'a')).toBeUndefined();
      expect(await bench.engine.deduplicationJob(jobs, 'd')).toBe('b');
      expect(await heard.all()).toMatchObject([
        { type: 'removed', jobId: 'a', prev: 'delayed' },
        { type: 'deduplicated', jobId: 'b', deduplicationId: 'd', deduplicatedJobId: 'a' },
        { type: 'added', jobId: 'b' },
        { type: 'delayed', jobId: 'b' },
      ]);
      await bench.advance(1_000);
      expect(await bench.claimIds()).toEqual(['b']);
    });

    it('C4: lets no parent wait for the one that is gone', async () => {
      const parent = await bench.begin();
      const waited = newJob(
        { jobId: 'a', delay: 60_000, ...once({ replace: true }) },
        { queue: kids, parent: { queue: jobs, id: parent.job.id, group: 'gate', onFailure: 'ignore' } },
      );
      const write = next(parent, { children: [{ ...waited, timestamp: Math.floor(bench.engine.clock.now()) }] });
      expect(await bench.engine.moveToWaitingChildren(parent.lease, write, { groups: ['gate'] })).toBe(true);
      await add('b', { delay: 60_000, ...once({ replace: true }) }, { queue: kids });
      expect(await bench.claimIds()).toEqual([parent.job.id]);
    });

    it('tells nobody of a job that it turns away, nor begins the time anew', async () => {
      await add('a', once({ ttl: 10_000 }));
      const heard = bench.listen();
      await bench.advance(7_000);
      expect(await add('b', once({ replace: true, extend: true, ttl: 10_000 }))).toBe('a');
      expect(await heard.types()).toEqual([]);
      await bench.advance(7_000);
      expect(await bench.engine.deduplicationJob(jobs, 'd')).toBeUndefined();
    });

    it('turns the new job away when the other is not delayed', async () => {
      await add('a', once({ replace: true }));
      expect(await add('b', once({ replace: true }))).toBe('a');
      await bench.claim();
      expect(await add('b', once({ replace: true }))).toBe('a');
      expect(await bench.engine.get(jobs, 'b')).toBeUndefined();
    });

    it.each([false, true])('counts the ttl anew only with extend: %p', async (extend) => {
      const opts = { ...once({ replace: true, ttl: 1_000, extend }), delay: 60_000 };
      await add('a', opts);
      await bench.advance(700);
      expect(await add('b', opts)).toBe('b');
      await bench.advance(700);
      expect(await bench.engine.deduplicationJob(jobs, 'd')).toBe(extend ? 'b' : undefined);
    });
  });

  describe('deduplication that reschedules', () => {
    it('begins the delay of a delayed job anew, as the new one has it', async () => {
      await add('a', { ...once({ reschedule: true }), delay: 1_000 });
      await bench.advance(500);
      const heard = bench.listen();
      const timestamp = Math.floor(bench.engine.clock.now());
      const again = { ...once({ reschedule: true }), delay: 2_000 };
      expect(await add('b', again, { timestamp, data: '"other"' })).toBe('a');
      expect(await bench.job('a')).toMatchObject({ state: 'delayed', due: timestamp + 2_000, delay: 2_000 });
      expect((await heard.types('a')).toSorted()).toEqual(['deduplicated', 'delayed']);
      await bench.advance(1_000);
      expect(await bench.claimIds()).toEqual([]);
      await bench.advance(1_500);
      expect((await bench.claim()).job).toMatchObject({ id: 'a', data: '{"some":"data"}' });
    });

    it('leaves a job alone that is not delayed', async () => {
      await add('a', once({ reschedule: true }));
      expect(await add('b', { ...once({ reschedule: true }), delay: 60_000 })).toBe('a');
      expect(await bench.claimIds()).toEqual(['a']);
    });
  });

  describe('deduplication that keeps the last one (keepLastIfActive)', () => {
    const last = once({ keepLastIfActive: true });

    it.each(['completed', 'failed'])('adds it when the active job has %s', async (how) => {
      await add('a', last);
      const claimed = await bench.claim();
      expect(await add('b', last, { data: '"b"' })).toBe('a');
      expect(await add('c', { ...last, attempts: 3 }, { data: '"c"', name: 'last' })).toBe('a');
      expect(await bench.claimIds()).toEqual([]);
      const watching = bench.watch();
      await (how === 'completed' ? bench.complete(claimed) : bench.fail(claimed));
      await watching.woken();
      expect(await bench.job('c')).toMatchObject({
        state: 'waiting',
        name: 'last',
        data: '"c"',
        opts: { attempts: 3 },
        deduplicationId: 'd',
      });
      expect(await bench.engine.get(jobs, 'b')).toBeUndefined();
      expect(await bench.engine.deduplicationJob(jobs, 'd')).toBe('c');
      expect(await bench.complete(await bench.claim())).toBe('c');
      expect(await bench.claimIds()).toEqual([]);
      expect(await add('d', last)).toBe('d');
    });

    it('keeps it while the active job is tried again', async () => {
      await add('a', last);
      const claimed = await bench.claim();
      await add('b', last);
      await bench.engine.fail(claimed.lease, next(claimed), failure(), bench.engine.clock.now());
      const again = await bench.claim();
      expect(again.job.id).toBe('a');
      await bench.complete(again);
      expect(await bench.claimIds()).toEqual(['b']);
    });

    it('delays it, or gives it a priority, as its options say', async () => {
      await add('a', last);
      const claimed = await bench.claim();
      await add('b', { ...last, delay: 60_000, priority: 3 });
      await bench.complete(claimed);
      expect(await bench.job('b')).toMatchObject({ state: 'delayed', priority: 3 });
    });

    it('adds it though the place was freed meanwhile, but not when its job is removed after that', async () => {
      await add('a', last);
      const first = await bench.claim();
      await add('b', last);
      await bench.engine.removeDeduplication(jobs, 'd');
      await bench.complete(first);
      const second = await bench.claim();
      expect(second.job.id).toBe('b');
      await add('c', last);
      await bench.engine.removeDeduplication(jobs, 'd');
      await bench.engine.release(second.lease, next(second));
      await bench.engine.remove(jobs, 'b');
      await add('d', last);
      expect(await bench.complete(await bench.claim())).toBe('d');
      expect(await bench.claimIds()).toEqual([]);
    });

    it('adds none after the queue is obliterated', async () => {
      await add('a', last);
      await bench.claim();
      await add('b', last);
      await bench.engine.removeDeduplication(jobs, 'd');
      await bench.engine.pause(jobs);
      await bench.engine.obliterate(jobs, true);
      await add('c', last);
      await bench.complete(await bench.claim());
      expect(await bench.claimIds()).toEqual([]);
    });

    it('adds it after the job that holds the place, not after one that held it before and was retried', async () => {
      await add('a', last);
      await bench.complete(await bench.claim());
      await add('b', last);
      const holder = await bench.claim();
      await add('c', last);
      await bench.engine.retry(jobs, 'a');
      expect(await bench.complete(await bench.claim())).toBe('a');
      expect(await bench.claimIds()).toEqual([]);
      await bench.complete(holder);
      expect(await bench.claimIds()).toEqual(['c']);
    });

    it('makes it no child of the parent that it named', async () => {
      const parent = await bench.begin();
      await bench.addChildOf(parent.job.id, {}, { jobId: 'a', ...last });
      const active = await bench.claim(kids);
      await bench.addChildOf(parent.job.id, {}, { jobId: 'b', ...last });
      await bench.complete(active);
      expect(await bench.job('b', kids)).toMatchObject({ state: 'waiting', parent: undefined });
      expect((await bench.engine.children(jobs, parent.job.id)).map(({ id }) => id)).toEqual(['a']);
    });

    it('keeps none while the job waits', async () => {
      await add('a', last);
      expect(await add('b', last)).toBe('a');
      await bench.complete(await bench.claim());
      expect(await bench.claimIds()).toEqual([]);
      expect(await bench.engine.get(jobs, 'b')).toBeUndefined();
    });
  });

  describe('deduplicationJob and removeDeduplication', () => {
    it('tell which job holds a place, and free it', async () => {
      expect(await bench.engine.deduplicationJob(jobs, 'd')).toBeUndefined();
      expect(await bench.engine.removeDeduplication(jobs, 'd')).toBe(false);
      await add('a', once());
      expect(await bench.engine.deduplicationJob(jobs, 'd')).toBe('a');
      expect(await bench.engine.removeDeduplication(jobs, 'd', 'b')).toBe(false);
      expect(await bench.engine.removeDeduplication(jobs, 'd', 'a')).toBe(true);
      expect(await add('b', once())).toBe('b');
      expect(await bench.engine.removeDeduplication(jobs, 'd')).toBe(true);
      expect(await bench.claimIds()).toEqual(['a', 'b']);
    });

    it('a job that does not hold the place any more does not free it when it ends', async () => {
      await add('a', once());
      await bench.engine.removeDeduplication(jobs, 'd');
      await add('b', once());
      await bench.complete(await bench.claim());
      expect(await bench.engine.deduplicationJob(jobs, 'd')).toBe('b');
    });
  });
}
