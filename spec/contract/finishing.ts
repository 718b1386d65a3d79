import type { Finishing } from '../../src/engine/engine.js';
import type { JobOptions } from '../../src/engine/records.js';
import { failure, jobs, lockDuration, next, type Bench } from './bench.js';

const minute = 60_000;

export function finishingContract(bench: Bench): void {
  /** Adds a job, claims it with a worker's wishes, and finishes it; answers its id. */
  const finish = async (
    how: 'complete' | 'fail',
    finishing: Finishing | undefined,
    opts: JobOptions = {},
  ): Promise<string> => {
    await bench.add(opts);
    const [claimed] = await bench.claimUpTo(1, jobs, finishing && { finishing });
    return bench[how](claimed!);
  };

  describe("a worker's name", () => {
    it('is noted with the jobs that it takes', async () => {
      await bench.add();
      const [claimed] = await bench.claimUpTo(1, jobs, { worker: 'w-1' });
      expect(claimed!.job).toMatchObject({ processedBy: 'w-1' });
      await bench.engine.release(claimed!.lease, next(claimed!));
      expect(await bench.job('1')).toMatchObject({ processedBy: 'w-1' });
      await bench.claimUpTo(1, jobs, { worker: 'w-2' });
      expect(await bench.job('1')).toMatchObject({ processedBy: 'w-2' });
    });
  });

  describe("a worker's wishes for the jobs that finish on it", () => {
    it.each([
      ['complete', 'removeOnComplete'],
      ['fail', 'removeOnFail'],
    ] as const)('%s: are for jobs that have no such option of their own', async (how, option) => {
      const wish = { [option]: { count: 0 } };
      const gone = await finish(how, wish);
      const kept = await finish(how, wish, { [option]: false });
      const keptToo = await finish(how, wish, { [option]: 5 });
      expect(await bench.stateOf(gone)).toBeUndefined();
      expect(await bench.stateOf(kept)).toBeDefined();
      expect(await bench.stateOf(keptToo)).toBeDefined();
    });

    it('keep so many', async () => {
      for (let times = 0; times < 4; times++) await finish('complete', { removeOnComplete: { count: 2 } });
      expect((await bench.engine.list(jobs, 'completed')).map(({ id }) => id)).toEqual(['4', '3']);
    });

    it('keep none that are older, and remove no more than they say for one job', async () => {
      for (let times = 0; times < 3; times++) await finish('complete', undefined);
      await bench.advance(2_000);
      const wish = { removeOnComplete: { age: 1, limit: 2 } };
      await finish('complete', wish);
      expect((await bench.engine.counts(jobs)).completed).toBe(2);
      await finish('complete', wish);
      expect((await bench.engine.counts(jobs)).completed).toBe(2);
    });

    it('are of one activation', async () => {
      await bench.add();
      const [first] = await bench.claimUpTo(1, jobs, { finishing: { removeOnComplete: { count: 0 } } });
      await bench.engine.release(first!.lease, next(first!));
      const second = await bench.claim();
      await bench.complete(second);
      expect(await bench.stateOf('1')).toBe('completed');
    });
  });

  it('A3: are not done to a job that stalls too often: it did not finish on a worker', async () => {
    await bench.add();
    await bench.claimUpTo(1, jobs, { finishing: { removeOnFail: { count: 0 }, metrics: 5 } });
    await bench.advance(1.5 * lockDuration);
    await bench.engine.recoverStalled(jobs, 0);
    expect(await bench.stateOf('1')).toBe('failed');
    expect(await bench.engine.metrics(jobs, 'failed', 0, -1)).toMatchObject({ count: 0 });
  });

  describe('metrics', () => {
    const metrics = (type: 'completed' | 'failed' = 'completed', start = 0, end = -1) =>
      bench.engine.metrics(jobs, type, start, end);

    it('are none until a worker asks for them', async () => {
      await finish('complete', undefined);
      expect(await metrics()).toEqual({ count: 0, prevTS: 0, prevCount: 0, data: [], points: 0 });
    });

    it('count finished jobs per minute', async () => {
      const finishing = { metrics: 10 };
      const from = Math.floor(bench.engine.clock.now());
      for (let times = 0; times < 3; times++) await finish('complete', finishing);
      expect(await metrics()).toMatchObject({ count: 3, prevCount: 0, data: [], points: 0 });
      expect((await metrics()).prevTS).toBeGreaterThanOrEqual(from);
      await bench.advance(minute);
      await finish('complete', finishing);
      expect(await metrics()).toMatchObject({ count: 4, prevCount: 3, data: [3], points: 1 });
      await bench.advance(3 * minute);
      await finish('complete', finishing);
      expect(await metrics()).toMatchObject({ count: 5, prevCount: 4, data: [0, 0, 1, 3], points: 4 });
      expect(await metrics('completed', 1, 2)).toMatchObject({ count: 5, data: [0, 1], points: 4 });
      expect(await metrics('failed')).toMatchObject({ count: 0, data: [] });
    });

    it('keep as many minutes as the worker says', async () => {
      const finishing = { metrics: 2 };
      for (let times = 0; times < 4; times++) {
        await finish('complete', finishing);
        await bench.advance(minute);
      }
      expect(await metrics()).toMatchObject({ count: 4, data: [1, 1], points: 2 });
      await bench.advance(100 * minute);
      await finish('complete', finishing);
      expect(await metrics()).toMatchObject({ count: 5, data: [0, 1], points: 2 });
    });

    it('count failed jobs apart, and those only that have failed for good', async () => {
      const finishing = { metrics: 10 };
      await bench.add();
      const [claimed] = await bench.claimUpTo(1, jobs, { finishing });
      await bench.engine.fail(claimed!.lease, next(claimed!), failure(), bench.engine.clock.now());
      expect(await metrics('failed')).toMatchObject({ count: 0 });
      const [again] = await bench.claimUpTo(1, jobs, { finishing });
      await bench.fail(again!);
      expect(await metrics('failed')).toMatchObject({ count: 1 });
      expect(await metrics()).toMatchObject({ count: 0 });
    });
  });

  describe('stackTraceLimit', () => {
    it.each([
      [2, ['no. 2', 'no. 3']],
      [0, []],
    ])('keeps as many stacks of failed attempts: %d', async (stackTraceLimit, kept) => {
      const id = await bench.add({ stackTraceLimit });
      for (let attempt = 1; attempt <= 3; attempt++) {
        const claimed = await bench.claim();
        await bench.engine.fail(claimed.lease, next(claimed), failure(`no. ${attempt}`), bench.engine.clock.now());
      }
      expect((await bench.job(id)).stacktrace).toEqual(kept.map((reason) => failure(reason).stack));
    });
  });
}
