import { jobs, next, type Bench } from './bench.js';

export function limitContract(bench: Bench): void {
  const ids = async (limit: number, options = {}): Promise<readonly string[]> =>
    (await bench.claimUpTo(limit, jobs, options)).map(({ job }) => job.id);

  /** Lets time pass; answers once one who watches was woken by it. */
  const wokenBy = async (pass: () => unknown): Promise<void> => {
    const watching = bench.watch();
    await bench.advance(10); // it may be woken in vain
    const before = watching.times;
    await pass();
    await watching.woken(before);
    watching.stop();
  };

  describe("a worker's limiter", () => {
    it('lets no more jobs be taken in a time, and wakes those who watch when that is over', async () => {
      await bench.addMany(5);
      const limiter = { max: 2, duration: 1_000 };
      expect(await ids(1, { limiter })).toEqual(['1']);
      expect(await ids(5, { limiter })).toEqual(['2']);
      expect(await ids(5, { limiter })).toEqual([]);
      await bench.advance(500);
      expect(await ids(5, { limiter })).toEqual([]);
      await wokenBy(() => bench.advance(1_000));
      expect(await ids(5, { limiter })).toEqual(['3', '4']);
    });

    it('is of one queue', async () => {
      await bench.addMany(2);
      const other = await bench.add({}, { queue: 'others' });
      const limiter = { max: 1, duration: 1_000 };
      expect(await ids(1, { limiter })).toEqual(['1']);
      const claimed = await bench.claimUpTo(1, 'others', { limiter });
      expect(claimed.map(({ job }) => job.id)).toEqual([other]);
    });

    it("gives way to the queue's own limit", async () => {
      await bench.addMany(5);
      await bench.engine.setRateLimit(jobs, { max: 1, duration: 1_000 });
      const limiter = { max: 4, duration: 1_000 };
      expect(await ids(5, { limiter })).toEqual(['1']);
      expect(await ids(5, { limiter })).toEqual([]);
      await bench.advance(1_500);
      expect(await ids(5, { limiter })).toEqual(['2']);
    });
  });

  describe('setRateLimit', () => {
    it('lets no more jobs be taken in a time, by all workers', async () => {
      await bench.engine.setRateLimit(jobs, { max: 2, duration: 1_000 });
      expect(await bench.engine.settings(jobs)).toMatchObject({ rateLimit: { max: 2, duration: 1_000 } });
      await bench.addMany(5);
      expect(await ids(5)).toEqual(['1', '2']);
      expect(await ids(5)).toEqual([]);
      expect(await bench.engine.rateLimitTtl(jobs)).toBeGreaterThan(500);
      await wokenBy(() => bench.advance(1_500));
      expect(await bench.engine.rateLimitTtl(jobs)).toBe(0);
      expect(await ids(1)).toEqual(['3']);
      expect(await bench.engine.rateLimitTtl(jobs)).toBe(0);
      expect(await ids(5)).toEqual(['4']);
    });

    it('is lifted by none, which wakes those who watch', async () => {
      await bench.engine.setRateLimit(jobs, { max: 1, duration: 60_000 });
      await bench.addMany(3);
      expect(await ids(5)).toEqual(['1']);
      expect(await ids(5)).toEqual([]);
      await wokenBy(() => bench.engine.setRateLimit(jobs, undefined));
      expect((await bench.engine.settings(jobs)).rateLimit).toBeUndefined();
      expect(await ids(5)).toEqual(['2', '3']);
    });
  });

  describe('rateLimit', () => {
    it('lets no job be taken for a time, and wakes those who watch when that is over', async () => {
      await bench.add();
      await bench.engine.rateLimit(jobs, 2_000);
      const ttl = await bench.engine.rateLimitTtl(jobs);
      expect(ttl).toBeGreaterThan(1_000);
      expect(ttl).toBeLessThanOrEqual(2_000);
      expect(await bench.engine.rateLimitTtl(jobs, 100)).toBeGreaterThan(1_000);
      expect(await ids(5)).toEqual([]);
      await bench.advance(1_000);
      expect(await ids(5)).toEqual([]);
      await wokenBy(() => bench.advance(1_500));
      expect(await bench.engine.rateLimitTtl(jobs)).toBe(0);
      expect(await ids(5)).toEqual(['1']);
    });

    it('goes before a limiter, too', async () => {
      await bench.addMany(3);
      const limiter = { max: 5, duration: 1_000 };
      expect(await ids(1, { limiter })).toEqual(['1']);
      await bench.engine.rateLimit(jobs, 3_000);
      await bench.advance(1_500);
      expect(await ids(5, { limiter })).toEqual([]);
      await bench.advance(2_000);
      expect(await ids(5, { limiter })).toEqual(['2', '3']);
    });

    it('leaves active jobs alone', async () => {
      const claimed = await bench.begin();
      await bench.engine.rateLimit(jobs, 2_000);
      await bench.engine.checkpoint(claimed.lease, next(claimed));
      expect(await bench.engine.complete(claimed.lease, { seq: 2 }, undefined, 0)).toBe('completed');
    });

    it('ends with removeRateLimit, which wakes those who watch', async () => {
      await bench.add();
      expect(await bench.engine.removeRateLimit(jobs)).toBe(false);
      await bench.engine.rateLimit(jobs, 60_000);
      expect(await ids(5)).toEqual([]);
      await wokenBy(async () => expect(await bench.engine.removeRateLimit(jobs)).toBe(true));
      expect(await bench.engine.rateLimitTtl(jobs)).toBe(0);
      expect(await bench.engine.removeRateLimit(jobs)).toBe(false);
      expect(await ids(5)).toEqual(['1']);
    });
  });

  describe('rateLimitTtl', () => {
    it('is held against a limit', async () => {
      await bench.addMany(3);
      const limiter = { max: 2, duration: 1_000 };
      expect(await bench.engine.rateLimitTtl(jobs, 2)).toBe(0);
      await ids(2, { limiter });
      expect(await bench.engine.rateLimitTtl(jobs, 3)).toBe(0);
      const ttl = await bench.engine.rateLimitTtl(jobs, 2);
      expect(ttl).toBeGreaterThan(500);
      expect(ttl).toBeLessThanOrEqual(1_000);
      await bench.advance(1_500);
      expect(await bench.engine.rateLimitTtl(jobs, 2)).toBe(0);
    });
  });

  describe('setConcurrency', () => {
    it('lets no more jobs be active, on all workers; one that leaves wakes those who watch', async () => {
      await bench.engine.setConcurrency(jobs, 2);
      expect(await bench.engine.settings(jobs)).toMatchObject({ concurrency: 2 });
      await bench.addMany(5);
      const [first, second] = await bench.claimUpTo(5);
      expect(second).toBeDefined();
      expect(await ids(5)).toEqual([]);
      await wokenBy(() => bench.complete(first!));
      expect(await ids(5)).toEqual(['3']);
      await wokenBy(() => bench.engine.moveToDelayed(second!.lease, next(second!), bench.engine.clock.now() + 60_000));
      expect(await ids(5)).toEqual(['4']);
    });

    it('is lifted by none, which wakes those who watch', async () => {
      await bench.engine.setConcurrency(jobs, 1);
      await bench.addMany(3);
      expect(await ids(5)).toEqual(['1']);
      expect(await ids(5)).toEqual([]);
      await wokenBy(() => bench.engine.setConcurrency(jobs, undefined));
      expect((await bench.engine.settings(jobs)).concurrency).toBeUndefined();
      expect(await ids(5)).toEqual(['2', '3']);
    });

    it('leaves jobs alone that are active already', async () => {
      await bench.addMany(3);
      const claimed = await bench.claimUpTo(2);
      await bench.engine.setConcurrency(jobs, 1);
      await bench.complete(claimed[0]!);
      expect(await ids(5)).toEqual([]);
      await bench.complete(claimed[1]!);
      expect(await ids(5)).toEqual(['3']);
    });
  });

  describe('settings', () => {
    it('are none of a queue that has none', async () => {
      expect(await bench.engine.settings(jobs)).toMatchObject({
        paused: false,
        concurrency: undefined,
        rateLimit: undefined,
        maxLenEvents: expect.any(Number),
      });
    });

    it('tell whether the queue is paused', async () => {
      await bench.engine.pause(jobs);
      expect(await bench.engine.settings(jobs)).toMatchObject({ paused: true });
      await bench.engine.resume(jobs);
      expect(await bench.engine.settings(jobs)).toMatchObject({ paused: false });
    });
  });
}
