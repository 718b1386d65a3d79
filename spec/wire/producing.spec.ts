import { of, Subject } from 'rxjs';
import { createApp, UnrecoverableError, type StepJob } from 'stepstream';
import type { Queue } from 'bullmq';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

describe.each(bullmqVersions)('what a Queue of BullMQ %s adds runs here', (_version, bullmq) => {
  const wire = useWire(bullmq);

  /** Runs each job by what it names; notes their data in the order in which they began. */
  function working(steps: (job: StepJob) => unknown, concurrency = 1): { begun: unknown[]; work: any } {
    const begun: unknown[] = [];
    const work = processor(
      {
        run(job: StepJob) {
          begun.push(job.data);
          return steps(job);
        },
      },
      { concurrency },
    );
    return { begun, work };
  }

  const failing = (job: StepJob): unknown => {
    throw job.data === 'for good' ? new UnrecoverableError('broken') : new Error('broken');
  };

  it.each([
    ['undefined, which BullMQ stores as {}', undefined, {}],
    ['null', null, null],
    ['a text', 'ä "quoted" \u2028 🎉', 'ä "quoted" \u2028 🎉'],
    ['a tree', { list: [1, { deep: [null, false] }] }, { list: [1, { deep: [null, false] }] }],
  ])('with its data: %s', async (_what, data, seen) => {
    await wire().app(processor({ echo: (job: StepJob) => of({ got: job.data }) }));
    const job = await wire().queue('work').add('echo', data);
    await expect(wire().end(job)).resolves.toEqual({ got: seen });
  });

  it('whatever characters are in its name and its id', async () => {
    await wire().app(processor({ tell: (job: StepJob) => of([job.id, job.name]) }));
    const queue = wire().queue('work');
    for (const [name, jobId] of [
      ['two words: "é" 🎉\n', 'an id / of % its own'],
      ['__proto__', 'a:b:c'],
      ['', 'constructor'],
    ] as const) {
      await expect(wire().end(await queue.add(name, {}, { jobId }))).resolves.toEqual([jobId, name]);
    }
  });

  it('not before its delay is over', async () => {
    await wire().app(processor({ run: () => of('done') }));
    const ears = wire().ears('work');
    const queue = wire().queue('work');
    const job = await queue.add('run', {}, { delay: 60 });
    const { delay } = await ears.until('delayed', job.id);
    await expect(wire().end(job)).resolves.toBe('done');
    expect(Number(delay)).toBeGreaterThanOrEqual(job.timestamp + 60);
    expect((await queue.getJob(job.id!))!.processedOn).toBeGreaterThanOrEqual(Number(delay));
    expect((await queue.getJob(job.id!))!.delay).toBe(0);
  });

  it("in the order of BullMQ's own worker: by priority, last in first out, delays that are over", async () => {
    const fill = async (queue: Queue): Promise<void> => {
      await queue.add('a', 'third', { priority: 3 });
      await queue.add('b', 'first');
      await queue.add('c', 'second');
      await queue.add('d', 'lifo', { lifo: true });
      await queue.addBulk([
        { name: 'e', data: 'low', opts: { priority: 2_097_151 } },
        { name: 'f', data: 'high', opts: { priority: 1 } },
        { name: 'g', data: 'also high', opts: { priority: 1 } },
        { name: 'h', data: 'was delayed', opts: { delay: 1 } },
        { name: 'i', data: 'was delayed, high', opts: { delay: 1, priority: 1 } },
      ]);
    };
    const theirs: unknown[] = [];
    await fill(wire().queue('theirs'));
    await fill(wire().queue('work'));
    await wire().redis.wait(0, 5); // both delays are over
    const done = new Promise<void>((resolve) => {
      const run = async ({ data }: { data: unknown }): Promise<void> => {
        if (theirs.push(data) === 9) resolve();
      };
      wire().worker('theirs', run);
    });
    await done;
    const { begun, work } = working(() => of(1));
    const ears = wire().ears('work');
    await wire().app(work);
    await ears.until('completed', undefined, 9);
    expect(begun).toEqual(theirs);
  });

  // --- attempts ---

  it.each([
    ['none stored', {}, 1],
    ['0, which is one', { attempts: 0 }, 1],
    ['3, at once', { attempts: 3 }, 3],
    ['3, a number between', { attempts: 3, backoff: 2 }, 3],
    ['3, fixed', { attempts: 3, backoff: { type: 'fixed', delay: 2 } }, 3],
    ['3, exponential', { attempts: 3, backoff: { type: 'exponential', delay: 2 } }, 3],
  ])('as often as its attempts say: %s', async (_what, options, attempts) => {
    const { begun, work } = working(failing);
    await wire().app(work);
    const ears = wire().ears('work');
    const queue = wire().queue('work');
    const job = await queue.add('run', 'again', options);
    await expect(wire().end(job)).rejects.toThrow('broken');
    expect(begun).toHaveLength(attempts);
    await expect(ears.until('retries-exhausted', job.id)).resolves.toMatchObject({ attemptsMade: String(attempts) });
    const failed = (await queue.getJob(job.id!))!;
    expect(failed).toMatchObject({ attemptsMade: attempts, attemptsStarted: attempts, failedReason: 'broken' });
    expect(failed.stacktrace).toHaveLength(attempts);
    expect(failed.stacktrace![0]).toContain('Error: broken');
  });

  it('waits between attempts as long as its backoff says', async () => {
    const { work } = working(failing);
    await wire().app(work);
    const ears = wire().ears('work');
    const hour = 3_600_000;
    const backoff = { type: 'exponential', delay: hour };
    const job = await wire().queue('work').add('run', 'again', { attempts: 3, backoff });
    for (const attempt of [1, 2]) {
      const { delay } = await ears.until('delayed', job.id, attempt);
      expect(Math.round((Number(delay) - Date.now()) / hour)).toBe(attempt);
      await job.promote();
    }
    await ears.until('retries-exhausted', job.id);
    const retried = ['active', 'delayed', 'waiting'];
    const events = ears.of(job.id!).map(([event]) => event);
    expect(events).toEqual(['added', 'waiting', ...retried, ...retried, 'active', 'failed', 'retries-exhausted']);
  });

  it.each([0, 1, 2, 4])('and keeps as many stacks as it says: %i', async (stackTraceLimit) => {
    await wire().app(working(failing).work);
    const queue = wire().queue('work');
    const job = await queue.add('run', 'again', { attempts: 3, stackTraceLimit });
    await expect(wire().end(job)).rejects.toThrow('broken');
    expect((await queue.getJob(job.id!))!.stacktrace).toHaveLength(Math.min(stackTraceLimit, 3));
  });

  it('under another prefix too, be it with a hash tag', async () => {
    const { work } = working(({ data }) => of(data));
    const app = createApp({ processors: [work], connection: wire().url, prefix: '{jobs}-1' });
    await app.start();
    const job = await wire().queue('work', { prefix: '{jobs}-1' }).add('run', 7);
    await expect(
      app
        .queue('work')
        .getJob(job.id!)
        .then((ours) => ours!.result()),
    ).resolves.toBe(7);
    await app.close();
  });

  it('once when it fails for good', async () => {
    const { begun, work } = working(failing);
    await wire().app(work);
    const job = await wire().queue('work').add('run', 'for good', { attempts: 5 });
    await expect(wire().end(job)).rejects.toThrow('broken');
    expect(begun).toEqual(['for good']);
  });

  // --- what is kept ---

  it.each([
    ['none', true, []],
    ['all', false, ['1', '2', '3', '4']],
    ['two', 2, ['3', '4']],
    ['at most two by count', { count: 2 }, ['3', '4']],
    ['those of an hour', { age: 3_600 }, ['1', '2', '3', '4']],
    ['three of an hour', { age: 3_600, count: 3 }, ['2', '3', '4']],
  ])('and is kept as it says: %s', async (_what, keep, kept) => {
    const { work } = working(({ data }: StepJob) => (data === 'fail' ? failing({} as StepJob) : of(1)));
    const queue = wire().queue('work');
    const ears = wire().ears('work');
    for (let i = 0; i < 4; i++) await queue.add('run', 'complete', { removeOnComplete: keep });
    await wire().app(work);
    await ears.until('completed', undefined, 4);
    await expect(wire().redis.zrange('bull:work:completed', '0', '-1')).resolves.toEqual(kept);
    for (const id of ['1', '2', '3', '4']) {
      await expect(wire().redis.exists(`bull:work:${id}`)).resolves.toBe(kept.includes(id) ? 1 : 0);
    }
    const failed = await queue.addBulk(
      [1, 2, 3, 4].map(() => ({ name: 'run', data: 'fail', opts: { removeOnFail: keep } })),
    );
    await ears.until('failed', undefined, 4);
    const expected = failed.map(({ id }) => id!).filter((_id, index) => kept.includes(String(index + 1)));
    await expect(wire().redis.zrange('bull:work:failed', '0', '-1')).resolves.toEqual(expected);
  });

  it('and its log keeps as many rows as it says', async () => {
    const rows = ['one', 'two', 'three', 'four'];
    const { work } = working((job) => {
      for (const row of rows) job.log(row);
      return of(1);
    });
    const app = await wire().app(work);
    await app.engine.log('work', 'nobody', 'row'); // Redis knows the script from now on: no row comes after the job's end
    const queue = wire().queue('work');
    const some = await queue.add('run', 1, { keepLogs: 2 });
    await wire().end(some);
    await expect(queue.getJobLogs(some.id!)).resolves.toEqual({ logs: ['three', 'four'], count: 2 });
    const all = await queue.add('run', 2);
    await wire().end(all);
    await expect(queue.getJobLogs(all.id!)).resolves.toEqual({ logs: rows, count: 4 });
  });

  // --- deduplication ---

  it.each(['completes', 'fails'])('a deduplication key ends when its job %s', async (how) => {
    const { begun, work } = working(({ data }) => (data === 'fails' ? failing({} as StepJob) : of(1)));
    const queue = wire().queue('work');
    const options = { deduplication: { id: 'same' } };
    const first = await queue.add('run', how, options);
    const second = await queue.add('run', how, options);
    expect(second.id).toBe(first.id);
    await expect(wire().redis.get('bull:work:de:same')).resolves.toBe(first.id);
    await wire().app(work);
    await wire()
      .end(first)
      .catch(() => {});
    await expect(wire().redis.exists('bull:work:de:same')).resolves.toBe(0);
    const third = await queue.add('run', how, options);
    expect(third.id).not.toBe(first.id);
    await wire()
      .end(third)
      .catch(() => {});
    expect(begun).toEqual([how, how]);
  });

  it('a deduplication key with a time to live outlives its job', async () => {
    const { begun, work } = working(() => of(1));
    await wire().app(work);
    const queue = wire().queue('work');
    const options = { deduplication: { id: 'same', ttl: 60_000 } };
    const first = await queue.add('run', 1, options);
    await wire().end(first);
    await expect(queue.add('run', 2, options)).resolves.toMatchObject({ id: first.id });
    await expect(queue.getDeduplicationJobId('same')).resolves.toBe(first.id);
    await queue.removeDeduplicationKey('same');
    await wire().end(await queue.add('run', 3, options));
    expect(begun).toEqual([1, 3]);
  });

  it('debounced: the last one of those that came within the delay', async () => {
    const { begun, work } = working(() => of(1));
    await wire().app(work);
    const queue = wire().queue('work');
    const options = { delay: 50, deduplication: { id: 'same', ttl: 50, extend: true, replace: true } };
    for (const data of [1, 2, 3]) await queue.add('run', data, options);
    const last = await queue.add('run', 'last', options);
    await wire().end(last);
    expect(begun).toEqual(['last']);
  });

  it.each(['completes', 'fails', 'completes and is removed'])(
    'keepLastIfActive: the last one that came while a job was active follows when it %s',
    async (how) => {
      const go = new Subject<number>();
      const { begun, work } = working(({ data }) => (data === 'first' ? go : of(2)));
      await wire().app(work);
      const queue = wire().queue('work');
      const ears = wire().ears('work');
      const deduplication = { id: 'same', keepLastIfActive: true };
      const removeOnComplete = how.endsWith('removed');
      const first = await queue.add('run', 'first', { deduplication, removeOnComplete });
      await ears.until('active', first.id);
      await queue.add('run', 'lost', { deduplication, priority: 2 });
      await queue.add('run', 'last', { deduplication, priority: 1 });
      await expect(wire().redis.hget('bull:work:dn:same', 'data')).resolves.toBe('"last"');
      if (how === 'fails') go.error(new Error('broken'));
      else {
        go.next(1);
        go.complete();
      }
      await ears.until('completed', undefined, how === 'fails' ? 1 : 2);
      expect(begun).toEqual(['first', 'last']);
      await expect(wire().redis.keys('bull:work:d?:*')).resolves.toEqual([]);
      const next = ears.heard.find(([event, { jobId }]) => event === 'added' && jobId !== first.id)![1]['jobId'];
      await expect(queue.getJob(String(next))).resolves.toMatchObject({
        name: 'run',
        data: 'last',
        priority: 1,
        opts: { deduplication },
        deduplicationId: 'same',
      });
    },
  );
});
