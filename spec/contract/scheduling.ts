import type { NewScheduler, Repeat } from '../../src/engine/admin.js';
import { loadPatterns } from '../../src/engine/schedules.js';
import { failure, jobs, next, outcome, type Bench } from './bench.js';

const minute = 60_000;
const day = 24 * 60 * minute;

function schedule(repeat: Repeat, more: Partial<NewScheduler> = {}): NewScheduler {
  return { id: 's', repeat, name: 'tick', data: '"data"', opts: { attempts: 2 }, ...more };
}

/** When a scheduler's job is due: its id tells. */
function timeOf(id: string | undefined): number {
  return Number(id!.slice(id!.lastIndexOf(':') + 1));
}

export function schedulerContract(bench: Bench): void {
  beforeAll(loadPatterns);

  const upsert = async (repeat: Repeat, more?: Partial<NewScheduler>): Promise<string | undefined> =>
    bench.engine.upsertScheduler(jobs, schedule(repeat, more));
  const now = (): number => Math.floor(bench.engine.clock.now());

  /** The jobs that are still to come. */
  const coming = async (): Promise<readonly string[]> => {
    const listed = [await bench.engine.list(jobs, 'waiting'), await bench.engine.list(jobs, 'delayed')];
    // but for those by which a test hears
    return listed.flat().flatMap(({ id, name }) => (name === 'marker' ? [] : id));
  };

  describe('a job scheduler with an interval', () => {
    it('adds its first job at once, made of its template', async () => {
      const from = now();
      const id = await upsert({ every: minute });
      expect(id).toBe(`repeat:s:${timeOf(id)}`);
      expect(timeOf(id)).toBeGreaterThanOrEqual(from);
      expect(timeOf(id)).toBeLessThanOrEqual(now());
      expect(await bench.job(id!)).toMatchObject({
        state: 'waiting',
        name: 'tick',
        data: '"data"',
        opts: { attempts: 2 },
        scheduler: 's',
      });
      expect(await bench.engine.scheduler(jobs, 's')).toMatchObject({
        id: 's',
        repeat: { every: minute },
        name: 'tick',
        data: '"data"',
        opts: { attempts: 2 },
        next: timeOf(id),
        iterations: 1,
      });
    });

    it('adds the next job when one is claimed', async () => {
      const heard = bench.listen();
      const first = await upsert({ every: minute });
      const watching = bench.watch();
      const claimed = await bench.claim();
      expect(claimed.job.id).toBe(first);
      const second = `repeat:s:${timeOf(first) + minute}`;
      expect(await coming()).toEqual([second]);
      expect(await bench.job(second)).toMatchObject({
        state: 'delayed',
        due: timeOf(second),
        name: 'tick',
        data: '"data"',
        opts: { attempts: 2 },
        scheduler: 's',
      });
      expect(await bench.engine.scheduler(jobs, 's')).toMatchObject({ next: timeOf(second), iterations: 2 });
      expect(await heard.types(second)).toEqual(['added', 'delayed']);
      await bench.complete(claimed);
      const before = watching.times;
      await bench.advance(1.5 * minute);
      await watching.woken(before);
      expect(await bench.claimIds()).toEqual([second]);
      expect(await coming()).toEqual([`repeat:s:${timeOf(first) + 2 * minute}`]);
    });

    it('makes up for none that was missed, and keeps its step', async () => {
      const first = await upsert({ every: minute });
      await bench.advance(3.5 * minute);
      expect(await bench.claimIds()).toEqual([first]);
      const [second, ...more] = await coming();
      expect(more).toEqual([]);
      expect((timeOf(second) - timeOf(first)) % minute).toBe(0);
      expect(timeOf(second)).toBeGreaterThan(now());
      expect(timeOf(second)).toBeLessThanOrEqual(now() + minute);
    });

    it('adds one job only, however often the claimed one is put back or retried', async () => {
      const first = await upsert({ every: minute });
      const claimed = await bench.claim();
      await bench.engine.release(claimed.lease, next(claimed));
      const again = await bench.claim();
      expect(again.job.id).toBe(first);
      await bench.engine.fail(again.lease, next(again), failure());
      await bench.engine.retry(jobs, first!);
      await bench.complete(await bench.claim());
      expect(await coming()).toEqual([`repeat:s:${timeOf(first) + minute}`]);
    });

    it('counts from the job that was promoted', async () => {
      const first = await upsert({ every: minute, startDate: now() + day });
      await bench.engine.promote(jobs, first!);
      expect(await bench.claimIds()).toEqual([first]);
      expect(await coming()).toEqual([`repeat:s:${timeOf(first) + minute}`]);
    });

    it('begins at its startDate', async () => {
      const startDate = now() + 2 * minute;
      const first = await upsert({ every: minute, startDate });
      expect(first).toBe(`repeat:s:${startDate}`);
      expect(await bench.job(first!)).toMatchObject({ state: 'delayed', due: startDate });
      await bench.advance(2.5 * minute);
      expect(await bench.claimIds()).toEqual([first]);
      expect(await coming()).toEqual([`repeat:s:${startDate + minute}`]);
    });

    it('adds no more jobs than its limit says', async () => {
      await upsert({ every: minute, limit: 2 });
      const ran = [];
      for (let round = 0; round < 4; round++) {
        ran.push(...(await bench.claimIds()));
        await bench.advance(1.5 * minute);
      }
      expect(ran).toHaveLength(2);
      expect(await coming()).toEqual([]);
    });

    it('adds none after its endDate', async () => {
      const first = await upsert({ every: minute, endDate: now() + minute / 2 });
      await bench.advance(minute);
      expect(await bench.claimIds()).toEqual([first]);
      expect(await coming()).toEqual([]);
    });

    it('adds its jobs so long after the multiples of the interval, with an offset', async () => {
      const first = await upsert({ every: minute, offset: 5_000 });
      expect(timeOf(first) % minute).toBe(5_000);
      expect(timeOf(first)).toBeGreaterThan(now());
      expect(timeOf(first)).toBeLessThanOrEqual(now() + minute);
      await bench.advance(4.5 * minute);
      await bench.claimIds();
      const [second] = await coming();
      expect(timeOf(second) % minute).toBe(5_000);
      expect(timeOf(second)).toBeGreaterThan(now());
    });
  });

  describe('a job scheduler with a pattern', () => {
    it('adds its jobs when the pattern is met', async () => {
      const first = await upsert({ pattern: '*/10 * * * *', tz: 'UTC' });
      const expected = (Math.floor(now() / (10 * minute)) + 1) * 10 * minute;
      expect(first).toBe(`repeat:s:${expected}`);
      expect(await bench.job(first!)).toMatchObject({ state: 'delayed', due: expected });
      await bench.advance(expected - now() + minute);
      expect(await bench.claimIds()).toEqual([first]);
      expect(await coming()).toEqual([`repeat:s:${expected + 10 * minute}`]);
      expect(await bench.engine.scheduler(jobs, 's')).toMatchObject({
        repeat: { pattern: '*/10 * * * *', tz: 'UTC' },
        next: expected + 10 * minute,
        iterations: 2,
      });
    });

    it('takes its time zone', async () => {
      const first = await upsert({ pattern: '0 9 * * *', tz: 'Asia/Tokyo' }); // midnight in UTC
      expect(timeOf(first)).toBe((Math.floor(now() / day) + 1) * day);
    });

    it('makes up for none that was missed', async () => {
      const first = await upsert({ pattern: '0 * * * *', tz: 'UTC' });
      await bench.advance(5 * 60 * minute);
      expect(await bench.claimIds()).toEqual([first]);
      const [second] = await coming();
      expect(timeOf(second)).toBeGreaterThan(now());
      expect(timeOf(second)).toBeLessThanOrEqual(now() + 60 * minute);
    });

    it('adds its first job now, if it says so', async () => {
      const from = now();
      const first = await upsert({ pattern: '0 0 1 1 *', tz: 'UTC', immediately: true });
      expect(timeOf(first)).toBeGreaterThanOrEqual(from);
      expect(await bench.claimIds()).toEqual([first]);
      const [second] = await coming();
      expect(new Date(timeOf(second)).toISOString()).toMatch(/-01-01T00:00:00.000Z$/);
    });

    it('begins after its startDate, and ends with its endDate', async () => {
      const startDate = (Math.floor(now() / day) + 10) * day + minute;
      const first = await upsert({ pattern: '0 0 * * *', tz: 'UTC', startDate, endDate: startDate + 1.5 * day });
      expect(timeOf(first)).toBe(startDate - minute + day);
      await bench.engine.promote(jobs, first!);
      await bench.claimIds();
      expect(await coming()).toEqual([]);
    });

    it('adds no more jobs than its limit says', async () => {
      await upsert({ pattern: '* * * * *', tz: 'UTC', limit: 2 });
      const ran = [];
      for (let round = 0; round < 4; round++) {
        await bench.advance(1.5 * minute);
        ran.push(...(await bench.claimIds()));
      }
      expect(ran).toHaveLength(2);
    });

    it('is refused when the pattern or the time zone cannot be read, and nothing is done', async () => {
      await expect(outcome(() => upsert({ pattern: 'every now and then' }))).rejects.toThrow();
      await expect(outcome(() => upsert({ pattern: '* * * * *', tz: 'Middle/Earth' }))).rejects.toThrow();
      expect(await bench.engine.schedulerCount(jobs)).toBe(0);
      expect(await coming()).toEqual([]);
    });
  });

  describe('upsertScheduler', () => {
    it('answers none when it would never add a job, and does nothing', async () => {
      expect(await upsert({ every: minute, endDate: now() - 1_000 })).toBeUndefined();
      expect(await upsert({ every: minute, limit: 0 })).toBeUndefined();
      expect(await upsert({ pattern: '0 0 1 1 *', tz: 'UTC', endDate: now() + minute })).toBeUndefined();
      expect(await bench.engine.scheduler(jobs, 's')).toBeUndefined();
      expect(await coming()).toEqual([]);
    });

    it('changes the scheduler, and replaces its next job', async () => {
      await upsert({ every: minute, startDate: now() + day });
      const second = await upsert({ every: 2 * minute, startDate: now() + 2 * day }, { data: '"new"', name: 'tock' });
      expect(await coming()).toEqual([second]);
      expect(await bench.job(second!)).toMatchObject({ name: 'tock', data: '"new"' });
      expect(await bench.engine.schedulerCount(jobs)).toBe(1);
      expect(await bench.engine.scheduler(jobs, 's')).toMatchObject({
        repeat: { every: 2 * minute },
        name: 'tock',
        next: timeOf(second),
      });
      const third = await upsert({ pattern: '0 * * * *', tz: 'UTC' });
      expect(await coming()).toEqual([third]);
      const changed = (await bench.engine.scheduler(jobs, 's'))!;
      expect(changed.repeat).toMatchObject({ pattern: '0 * * * *' });
      expect(changed.repeat.every).toBeUndefined();
    });

    it('keeps the time of the next job when the interval stays', async () => {
      const first = await upsert({ every: minute });
      await bench.advance(5_000);
      expect(await upsert({ every: minute }, { data: '"new"' })).toBe(first);
      expect((await bench.claim()).job).toMatchObject({ id: first, data: '"new"' });
    });

    it('leaves an active job alone, and changes what follows it', async () => {
      const first = await upsert({ every: minute });
      const claimed = await bench.claim();
      const second = await upsert({ every: minute }, { data: '"new"' });
      expect(timeOf(second)).toBe(timeOf(first) + minute);
      expect(await coming()).toEqual([second]);
      expect(await bench.job(second!)).toMatchObject({ data: '"new"' });
      await bench.complete(claimed);
    });

    it.each([
      ['an interval', { every: day }],
      ['a pattern', { pattern: '0 0 * * *', tz: 'UTC' }],
    ])('passes over times at which there is a job already, of an earlier one of its id: %s', async (_, repeat) => {
      const startDate = (Math.floor(now() / day) + 10) * day - 1;
      const first = await upsert({ ...repeat, startDate });
      await bench.engine.promote(jobs, first!);
      await bench.complete(await bench.claim());
      await bench.engine.removeScheduler(jobs, 's');
      const second = await upsert({ ...repeat, startDate });
      expect(timeOf(second)).toBe(timeOf(first) + day);
      expect(await coming()).toEqual([second]);
      expect(await bench.stateOf(first!)).toBe('completed');
    });

    it('is of one queue', async () => {
      await upsert({ every: minute });
      await bench.engine.upsertScheduler('others', schedule({ every: minute }));
      await bench.engine.removeScheduler('others', 's');
      expect(await coming()).toHaveLength(1);
    });
  });

  describe('removeScheduler', () => {
    it('removes it and its next job, be it delayed or ready; answers whether it was there', async () => {
      for (const startDate of [now() + day, undefined]) {
        await upsert({ every: minute, ...(startDate !== undefined && { startDate }) });
        expect(await bench.engine.removeScheduler(jobs, 's')).toBe(true);
        expect(await bench.engine.scheduler(jobs, 's')).toBeUndefined();
        expect(await coming()).toEqual([]);
      }
      expect(await bench.engine.removeScheduler(jobs, 's')).toBe(false);
    });

    it('leaves a job that is active, which no other follows', async () => {
      await upsert({ every: minute });
      const claimed = await bench.claim();
      await bench.engine.removeScheduler(jobs, 's');
      await bench.engine.release(claimed.lease, next(claimed));
      await bench.complete(await bench.claim());
      expect(await coming()).toEqual([]);
    });
  });

  describe('the next job of a scheduler', () => {
    it('goes with its scheduler only', async () => {
      const first = await upsert({ every: minute });
      await bench.engine.log(jobs, first!, 'row');
      expect(await bench.engine.remove(jobs, first!)).toBe('scheduled');
      const claimed = await bench.claim();
      const [second] = await coming();
      expect(await bench.engine.remove(jobs, second!)).toBe('scheduled');
      await bench.complete(claimed);
      expect(await bench.engine.remove(jobs, first!)).toBe('removed');
    });

    it('is none any more when it was the last one, and has finished', async () => {
      const id = await upsert({ every: minute, limit: 1 });
      const claimed = await bench.claim();
      expect(await bench.engine.remove(jobs, id!)).toBe('active');
      await bench.complete(claimed);
      expect(await bench.engine.remove(jobs, id!)).toBe('removed');
    });

    it('stays when the queue is cleaned or drained', async () => {
      const id = await upsert({ every: minute });
      await bench.add();
      await bench.engine.drain(jobs, true);
      expect(await coming()).toEqual([id]);
      await bench.claimIds();
      const [second] = await coming();
      await bench.advance(2 * minute);
      await bench.add({ delay: day });
      await bench.engine.drain(jobs, true);
      expect(await bench.engine.clean(jobs, 'delayed', 1_000, 10)).toEqual([]);
      expect(await coming()).toEqual([second]);
    });
  });

  describe('schedulers', () => {
    it('are listed by the time of their next job', async () => {
      for (const [id, days] of Object.entries({ b: 2, a: 1, c: 3 })) {
        await upsert({ every: minute, startDate: now() + days * day }, { id });
      }
      const listed = async (start: number, end: number, ascending: boolean) =>
        (await bench.engine.schedulers(jobs, start, end, ascending)).map(({ id }) => id);
      expect(await listed(0, -1, true)).toEqual(['a', 'b', 'c']);
      expect(await listed(0, -1, false)).toEqual(['c', 'b', 'a']);
      expect(await listed(0, 0, true)).toEqual(['a']);
      expect(await listed(1, 2, false)).toEqual(['b', 'a']);
      expect(await bench.engine.schedulerCount(jobs)).toBe(3);
      const [first] = await bench.engine.schedulers(jobs, 0, 0, true);
      expect(first).toEqual(await bench.engine.scheduler(jobs, 'a'));
    });

    it('are none of a queue without any', async () => {
      expect(await bench.engine.schedulers(jobs, 0, -1, true)).toEqual([]);
      expect(await bench.engine.schedulerCount(jobs)).toBe(0);
      expect(await bench.engine.scheduler(jobs, 's')).toBeUndefined();
    });
  });
}
