import { of, throwError } from 'rxjs';
import type { App, StepJob } from 'stepstream';
import type { Job, Queue, RepeatOptions } from 'bullmq';
import type { Awaitable } from '../../src/engine/awaitable.js';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

const work = processor({ run: ({ data }: StepJob) => of(data ?? null) });

/** Far enough that its jobs run only when they are promoted, and so at times that are known. */
const startDate = Date.UTC(2090, 2, 10);
const day = 86_400_000;

describe.each(bullmqVersions)('job schedulers of BullMQ %s', (_version, bullmq) => {
  const wire = useWire(bullmq);

  /** An offset counts from today: what is compared is to run on the same day. */
  async function onOneDay<T>(run: () => Promise<T>): Promise<T> {
    const today = (): number => Math.floor((Date.now() - 3_600_000) / day);
    for (;;) {
      const begun = today();
      const outcome = await run();
      if (begun === today()) return outcome;
      await wire().redis.flushall();
    }
  }

  /** Lets the next jobs of the schedulers run, one after the other. */
  async function promote(queue: Queue, times: number): Promise<readonly Job[]> {
    const jobs: Job[] = [];
    for (let i = 0; i < times; i++) {
      const [next] = await queue.getDelayed();
      if (!next) break;
      await next.promote();
      await wire().end(next);
      jobs.push((await queue.getJob(next.id!))!);
    }
    return jobs;
  }

  /** What the scheduler and its jobs are, but for the times at which the test did something. */
  async function picture(): Promise<unknown> {
    const { redis } = wire();
    const keys = (await redis.keys('bull:work:*')).filter((key) => /:(repeat|delayed|id)\b/.test(key)).toSorted();
    const entries = await Promise.all(
      keys.map(async (key) => {
        const type = await redis.type(key);
        if (type === 'string') return [key, await redis.get(key)];
        if (type === 'zset') return [key, await redis.zrange(key, '0', '-1', 'WITHSCORES')];
        const {
          timestamp: _t,
          delay: _d,
          processedOn: _p,
          finishedOn: _f,
          sw: _w,
          ss: _s,
          opts,
          ...hash
        } = await redis.hgetall(key);
        const { timestamp: _ot, delay: _od, ...options } = JSON.parse(opts ?? '{}');
        return [key, { ...hash, progress: undefined, options }];
      }),
    );
    return Object.fromEntries(entries);
  }

  const schedules: readonly (readonly [what: string, repeat: Omit<RepeatOptions, 'key'>])[] = [
    ['an interval', { every: day, startDate }],
    ['an interval with a limit', { every: day, startDate, limit: 3 }],
    ['an interval with an offset', { every: day, offset: 3_600_000 }],
    ['a pattern', { pattern: '0 9 * * 1-5', startDate }],
    ['a pattern in a time zone', { pattern: '30 9 * * *', tz: 'America/New_York', startDate: '2090-03-01' }],
    ['a pattern with a limit', { pattern: '0 9 * * *', startDate, limit: 2 }],
    ['a pattern with an end', { pattern: '0 9 * * *', startDate, endDate: startDate + 3 * day }],
    ['an interval with an end that is far', { every: day, startDate, endDate: new Date(startDate + 9 * day) }],
  ];

  it.each(schedules)("are armed as BullMQ's workers do: %s", async (_what, repeat) => {
    const template = {
      name: 'run',
      data: { some: ['data'] },
      opts: { attempts: 2, backoff: { type: 'fixed', delay: 1 }, priority: 3, keepLogs: 2 },
    };
    async function run(): Promise<unknown> {
      const queue = wire().queue('work');
      await queue.upsertJobScheduler('any scheduler', repeat, template);
      const ran = await promote(queue, 5);
      return {
        ran: ran.map(({ id, data, returnvalue }) => ({ id, data, returnvalue })),
        scheduler: await queue.getJobScheduler('any scheduler'),
        picture: await picture(),
      };
    }
    const [expected, actual] = await onOneDay(async () => {
      const theirs = wire().worker('work', async ({ data }) => data);
      const before = await run();
      await theirs.close();
      await wire().redis.flushall();
      const app = await wire().app(work);
      const after = await run();
      await app.close();
      return [before, after];
    });
    expect(actual).toEqual(expected);
  });

  it('run again and again without a hand, at once if they say so', async () => {
    await wire().app(work);
    const queue = wire().queue('work');
    const ears = wire().ears('work');
    await queue.upsertJobScheduler('quick', { every: 20 }, { name: 'run', data: 'tick' });
    await queue.upsertJobScheduler(
      'at once',
      { pattern: '0 0 1 1 *', immediately: true },
      { name: 'run', data: 'once' },
    );
    await ears.until('completed', undefined, 5);
    const ids = ears.heard.flatMap(([event, { jobId }]) => (event === 'completed' ? [String(jobId)] : []));
    expect(ids.filter((id) => id.startsWith('repeat:at once:'))).toHaveLength(1);
    const times = ids.filter((id) => id.startsWith('repeat:quick:')).map((id) => Number(id.split(':')[2]));
    for (let i = 1; i < times.length; i++) expect((times[i]! - times[i - 1]!) % 20).toBe(0);
    await expect(queue.getJobScheduler('at once')).resolves.toMatchObject({ iterationCount: 2 });
  });

  it('end with their scheduler: no job follows, and nothing is left', async () => {
    await wire().app(work);
    const queue = wire().queue('work');
    await queue.upsertJobScheduler('daily', { every: day, startDate }, { name: 'run' });
    await promote(queue, 2);
    await expect(queue.removeJobScheduler('daily')).resolves.toBe(true);
    await expect(queue.getDelayedCount()).resolves.toBe(0);
    await queue.clean(0, 0, 'completed');
    await expect(wire().redis.keys('bull:work:repeat*')).resolves.toEqual([]);
  });

  it('a job whose scheduler was removed before it was taken is the last one', async () => {
    const queue = wire().queue('work');
    await queue.upsertJobScheduler('daily', { every: day, startDate }, { name: 'run' });
    const [job] = await queue.getDelayed();
    await job!.promote();
    await queue.removeJobScheduler('daily');
    await wire().app(work);
    await wire().end(job!);
    await expect(queue.getDelayedCount()).resolves.toBe(0);
    await expect(wire().redis.zcard('bull:work:repeat')).resolves.toBe(0);
  });

  it('a scheduler that is changed gives its next jobs the new data', async () => {
    await wire().app(work);
    const queue = wire().queue('work');
    await queue.upsertJobScheduler('daily', { every: day, startDate }, { name: 'run', data: 'old' });
    const [first] = await promote(queue, 1);
    await queue.upsertJobScheduler('daily', { every: day, startDate }, { name: 'run', data: 'new' });
    const [second, third] = await promote(queue, 2);
    expect([first, second, third].map((job) => job!.returnvalue)).toEqual(['old', 'new', 'new']);
  });

  it('a job that is tried again, or retried by hand, arms none a second time', async () => {
    let healed = false;
    await wire().app(processor({ run: () => (healed ? of(1) : throwError(() => new Error('broken'))) }));
    const queue = wire().queue('work');
    const template = { name: 'run', opts: { attempts: 3 } };
    await queue.upsertJobScheduler('daily', { every: day, startDate }, template);
    const [job] = await queue.getDelayed();
    const ears = wire().ears('work');
    await job!.promote();
    await ears.until('failed', job!.id);
    healed = true;
    await job!.retry();
    await ears.until('completed', job!.id);
    await expect(queue.getDelayedCount()).resolves.toBe(1);
    await expect(queue.getJobScheduler('daily')).resolves.toMatchObject({ iterationCount: 2, next: startDate + day });
    expect(ears.heard.filter(([event]) => event === 'duplicated')).toEqual([]);
  });

  it('the armed job can not be removed alone, here as there', async () => {
    const app = await wire().app(work);
    const queue = wire().queue('work');
    await queue.upsertJobScheduler('daily', { every: day, startDate }, { name: 'run' });
    const [job] = await queue.getDelayed();
    await expect(job!.remove()).rejects.toThrow('belongs to a job scheduler');
    await expect(app.engine.remove('work', job!.id!)).resolves.toBe('scheduled');
  });

  it('a pattern that is not understood ends the scheduler with a warning, and the job runs', async () => {
    await wire().app(work);
    const queue = wire().queue('work', { settings: { repeatStrategy: () => startDate } });
    await queue.upsertJobScheduler('odd', { pattern: 'when the moon is full' }, { name: 'run', data: 'once' });
    const [job] = await promote(queue, 2);
    expect(job!.returnvalue).toBe('once');
    expect(wire().takeWarnings()).toEqual([
      expect.stringMatching(`^job scheduler "odd" of queue work ends with job repeat:odd:${startDate}: `),
    ]);
  });

  // --- set up here ---

  const template = {
    name: 'run',
    data: { some: ['data'] },
    opts: {
      attempts: 2,
      backoff: { type: 'fixed', delay: 1 },
      priority: 3,
      keepLogs: 2,
      deduplication: { id: 'same' },
    },
  };

  /** What BullMQ's `upsertJobScheduler` is asked for, asked of our engine. */
  function upsertHere(
    { engine }: App,
    id: string,
    repeat: Omit<RepeatOptions, 'key'>,
    { name, data, opts }: { readonly name: string; readonly data?: unknown; readonly opts?: object },
  ): Awaitable<string | undefined> {
    const { startDate: from, endDate: until, ...rest } = repeat;
    const times = {
      ...(from !== undefined && { startDate: new Date(from).getTime() }),
      ...(until !== undefined && { endDate: new Date(until).getTime() }),
    };
    const scheduler = { id, repeat: { ...rest, ...times }, name, data: JSON.stringify(data ?? {}), opts: opts ?? {} };
    return engine.upsertScheduler('work', scheduler);
  }

  type Upsert = (id: string, repeat: Omit<RepeatOptions, 'key'>, made: typeof template) => Awaitable<unknown>;

  /** How the store looks after what was done by BullMQ's calls, and by ours. */
  async function pictures(run: (upsert: Upsert, other: Upsert) => Promise<unknown>): Promise<readonly unknown[]> {
    return onOneDay(async () => {
      const [queue, app] = [wire().queue('work'), await wire().app()];
      const theirs: Upsert = (id, repeat, made) => queue.upsertJobScheduler(id, repeat, made);
      const ours: Upsert = (id, repeat, made) => upsertHere(app, id, repeat, made);
      const seen: unknown[] = [];
      for (const [upsert, other] of [
        [theirs, theirs],
        [ours, ours],
        [ours, theirs],
        [theirs, ours],
      ] as const) {
        await run(upsert, other);
        seen.push({ picture: await picture(), found: await queue.getJobSchedulers() });
        await wire().redis.flushall();
      }
      return seen;
    });
  }

  const many: readonly (readonly [what: string, repeat: Omit<RepeatOptions, 'key'>])[] = [
    ...schedules,
    ['a pattern that is met once', { pattern: '0 9 29 2 *', startDate, endDate: startDate + 800 * day }],
  ];

  it.each(many)("are the same in Redis as BullMQ's own: %s", async (_what, repeat) => {
    const [theirs, ...ours] = await pictures((upsert) => Promise.resolve(upsert('any scheduler', repeat, template)));
    for (const each of ours) expect(each).toEqual(theirs);
  });

  it.each([
    ['the template', { every: day, startDate }, { every: day, startDate }],
    ['the interval', { every: day, startDate }, { every: 2 * day, startDate: startDate + day }],
    ['an interval to a pattern', { every: day, offset: 3_600_000 }, { pattern: '0 9 * * *', startDate }],
    ['a pattern to an interval', { pattern: '0 9 * * *', startDate }, { every: day, startDate: startDate + day }],
    ['the pattern', { pattern: '0 9 * * *', startDate }, { pattern: '0 8 * * *', startDate, limit: 3 }],
  ])('can be changed by either side, whoever has made them: %s', async (_what, first, second) => {
    const [theirs, ...ours] = await pictures(async (upsert, other) => {
      await upsert('any scheduler', first, template);
      await other('any scheduler', second, { ...template, name: 'changed', data: { some: ['more'] } });
    });
    for (const each of ours) expect(each).toEqual(theirs);
  });

  it.each(schedules)("go on with BullMQ's workers: %s", async (_what, repeat) => {
    const [theirs, ours] = await onOneDay(async () => {
      const [queue, app] = [wire().queue('work'), await wire().app()];
      wire().worker('work', async ({ data }) => data);
      const seen: unknown[] = [];
      for (const isOurs of [false, true]) {
        if (isOurs) await upsertHere(app, 'any scheduler', repeat, template);
        else await queue.upsertJobScheduler('any scheduler', repeat, template);
        const ran = await promote(queue, 5);
        seen.push({ ran: ran.map(({ id, data }) => ({ id, data })), picture: await picture() });
        await wire().redis.flushall();
      }
      return seen;
    });
    expect(ours).toEqual(theirs);
  });

  it('are found and removed by either side, whoever has made them', async () => {
    const [queue, app] = [wire().queue('work'), await wire().app()];
    await upsertHere(app, 'ours', { every: day, startDate }, template);
    await queue.upsertJobScheduler('theirs', { pattern: '0 9 * * *', startDate }, { name: 'run' });
    const found = await queue.getJobSchedulers(0, -1, true);
    const here = await app.engine.schedulers('work', 0, -1, true);
    expect(
      found.map(({ key, name, next, iterationCount }) => ({ id: key, name, next, iterations: iterationCount })),
    ).toEqual(here.map(({ id, name, next, iterations }) => ({ id, name, next, iterations })));
    expect(here).toMatchObject([
      { id: 'ours', repeat: { every: day, startDate }, data: '{"some":["data"]}', opts: template.opts },
      { id: 'theirs', repeat: { pattern: '0 9 * * *', startDate }, data: '{}', opts: {} },
    ]);
    await expect(queue.getJobSchedulersCount()).resolves.toBe(2);
    await expect(app.engine.schedulerCount('work')).resolves.toBe(2);
    await expect(queue.removeJobScheduler('ours')).resolves.toBe(true);
    await expect(app.engine.removeScheduler('work', 'theirs')).resolves.toBe(true);
    await expect(wire().redis.keys('bull:work:*repeat*')).resolves.toEqual([]);
    await expect(queue.getDelayedCount()).resolves.toBe(0);
  });

  it('a scheduler without data gives its jobs none, however often', async () => {
    const seen: unknown[] = [];
    const app = await wire().app(
      processor({
        run({ data }: StepJob) {
          seen.push(data);
          return of(1);
        },
      }),
    );
    const queue = wire().queue('work');
    const scheduler = { id: 'daily', repeat: { every: day, startDate }, name: 'run', data: undefined, opts: {} };
    await app.engine.upsertScheduler('work', scheduler);
    await promote(queue, 2);
    await queue.upsertJobScheduler('daily', { every: day, startDate }, { name: 'run' });
    await promote(queue, 1);
    expect(seen).toEqual([undefined, undefined, {}]);
  });
});
