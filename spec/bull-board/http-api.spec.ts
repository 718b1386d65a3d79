import { filter, firstValueFrom, from, NEVER, of } from 'rxjs';
import { awaitChildren, createApp, delay, UnrecoverableError, type Job } from 'stepstream';
import { StepstreamAdapter } from 'stepstream/bull-board';
import { processor } from '../support/processor.js';
import { useRedis } from '../support/use-redis.js';
import { Board } from './board.js';
import { engines, Stage } from './stage.js';

jest.setTimeout(20_000);

const hour = 3_600_000;
const server = useRedis();

/** Charges, then sleeps for three days; then asks for a review, which fails as long as the mail is down. */
const orders = ({ isDown = (): boolean => false } = {}): ReturnType<typeof processor> =>
  processor(
    {
      charge: (job) => of(job.data * 2),
      rest: (job, receipt) => {
        job.log(`sleeps with receipt ${receipt}`);
        return of(receipt).pipe(delay('3 days'));
      },
      review: (_job, receipt) => {
        if (isDown()) throw new UnrecoverableError('mail is down');
        return of(`receipt ${receipt} reviewed`);
      },
    },
    { queue: 'orders' },
  );

describe.each(engines)("bull-board's HTTP API on %s", (engine) => {
  let stage: Stage;
  beforeEach(() => {
    stage = new Stage(engine, server().url);
  });
  afterEach(() => stage.close());

  const until = (job: Job, state: string): Promise<unknown> =>
    firstValueFrom(job.events$.pipe(filter(({ type }) => type === state)));

  it('lists a queue with the jobs of each state, and pages', async () => {
    const app = await stage.app();
    const queue = app.queue('work');
    stage.worker('work', (job) => (job.name === 'bad' ? Promise.reject(new Error('no')) : Promise.resolve('fine')));
    const [good, bad] = await queue.addBulk([
      { name: 'good', data: { n: 1 } },
      { name: 'bad', data: { n: 2 } },
    ]);
    await good!.result();
    await expect(bad!.result()).rejects.toThrow('no');
    await queue.pause();
    const later = Array.from({ length: 12 }, (_, n) => ({ name: 'later', data: n, opts: { delay: hour + n } }));
    await queue.addBulk(later);
    await queue.addBulk([
      { name: 'first', data: 3, opts: { priority: 5 } },
      { name: 'plain', data: undefined },
    ]);
    const board = await stage.board(app, ['work']);
    const { counts, statuses, isPaused, jobs, type } = await board.queue('work');
    expect({ isPaused, type }).toEqual({ isPaused: true, type: 'bullmq' });
    expect(statuses[0]).toBe('latest');
    expect(counts).toEqual({
      active: 0,
      waiting: 1,
      'waiting-children': 0,
      prioritized: 1,
      completed: 1,
      failed: 1,
      delayed: 12,
    });
    expect(jobs.map(({ name }) => name)).toEqual(expect.arrayContaining(['good', 'bad', 'first', 'plain', 'later']));
    const failed = await board.queue('work', 'status=failed');
    expect(failed.jobs).toMatchObject([
      { name: 'bad', failedReason: 'no', isFailed: true, attempts: 1, data: { n: 2 } },
    ]);
    expect(failed.jobs[0]!.stacktrace[0]).toContain('Error: no');
    await expect(board.queue('work', 'status=completed')).resolves.toMatchObject({
      jobs: [{ name: 'good', returnValue: 'fine', progress: 0 }],
    });
    const pages = await Promise.all(
      [1, 2, 3].map((page) => board.queue('work', `status=delayed&jobsPerPage=5&page=${page}`)),
    );
    expect(pages.map((page) => page.pagination.pageCount)).toEqual([3, 3, 3]);
    expect(pages.flatMap((page) => page.jobs.map(({ data }) => data))).toEqual(
      Array.from({ length: 12 }, (_, n) => 11 - n), // as in BullMQ: what is due last comes first
    );
  });

  it('tells where a job of steps stands: its step, its gates, its outputs, and when it goes on', async () => {
    const app = await stage.app(orders());
    const job = await app.queue('orders').add('order', 21);
    await until(job, 'delayed');
    const board = await stage.board(app, ['orders']);
    const shown = await board.job('orders', job.id);
    const { due } = (await app.queue('orders').getJob(job.id))!;
    expect(shown).toMatchObject({
      status: 'delayed',
      data: 21,
      progress: {
        step: 'rest',
        visit: 2,
        gates: [{ kind: 'delay', due: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) }],
        outputs: { charge: 42 },
        last: { step: 'charge', visit: 1, emission: 42, count: 1 },
      },
    });
    expect(shown.timestamp + shown.delay!).toBe(due); // so the page reckons when it runs
    const [gate] = (shown.progress as any).gates;
    expect(Math.abs(new Date(gate.due).getTime() - due!)).toBeLessThanOrEqual(1); // Redis keeps whole milliseconds
    expect(shown.opts.delay).toBe(shown.delay);
    const { jobs } = await board.queue('orders', 'status=delayed');
    expect(jobs[0]!.progress).toEqual(expect.not.objectContaining({ outputs: expect.anything() }));
    expect(jobs[0]!.progress).toMatchObject({ step: 'rest', visit: 2 });
    await expect(board.call('GET', `/queues/orders/${job.id}/logs`)).resolves.toMatchObject({
      body: ['sleeps with receipt 42'],
    });
    await expect(board.call('GET', '/queues/orders/nobody')).resolves.toMatchObject({ status: 404 });
  });

  it('promotes a job, which passes its delay; retries a failed one from its checkpoint, a completed one from the start', async () => {
    let isDown = true;
    const app = await stage.app(orders({ isDown: () => isDown }));
    const job = await app.queue('orders').add('order', 1);
    await until(job, 'delayed');
    const board = await stage.board(app, ['orders']);
    await board.press(`orders/${job.id}/promote`);
    await expect(job.result()).rejects.toThrow('mail is down');
    await expect(board.job('orders', job.id)).resolves.toMatchObject({
      status: 'failed',
      progress: { step: 'review', visit: 3, outputs: { charge: 2, rest: 2 } },
    });
    isDown = false;
    await board.press(`orders/${job.id}/retry`);
    await expect(job.result()).resolves.toBe('receipt 2 reviewed');
    await board.press(`orders/${job.id}/retry`);
    await until(job, 'delayed');
    await expect(board.job('orders', job.id)).resolves.toMatchObject({ progress: { run: 2, step: 'rest', visit: 2 } });
    await expect(board.press(`orders/${job.id}/retry`)).rejects.toThrow('400');
    await board.press('orders/promote');
    await expect(job.result()).resolves.toBe('receipt 2 reviewed');
  });

  it('retries all that have failed', async () => {
    const app = await stage.app();
    let isDown = true;
    stage.worker('work', () => (isDown ? Promise.reject(new Error('down')) : Promise.resolve('up')), {
      concurrency: 9,
    });
    const jobs = await app.queue('work').addBulk([1, 2, 3].map((data) => ({ name: 'job', data })));
    await Promise.allSettled(jobs.map((job) => job.result()));
    isDown = false;
    const board = await stage.board(app, ['work']);
    await expect(board.call('PUT', '/queues/work/retry/failed')).resolves.toMatchObject({
      body: { retried: 3, skipped: 0 },
    });
    await expect(Promise.all(jobs.map((job) => job.result()))).resolves.toEqual(['up', 'up', 'up']);
  });

  it('removes a job, but not one that runs', async () => {
    const app = await stage.app(processor({ only: () => NEVER }));
    const [waits, runs] = [
      await app.queue('work').add('job', 1, { delay: hour }),
      await app.queue('work').add('job', 2),
    ];
    await until(runs, 'active');
    const board = await stage.board(app, ['work']);
    await board.press(`work/${waits.id}/clean`);
    await expect(waits.getState()).resolves.toBe('unknown');
    await expect(board.press(`work/${runs.id}/clean`)).rejects.toThrow('409');
  });

  it('pauses and resumes a queue, or all', async () => {
    const app = await stage.app();
    const board = await stage.board(app, ['one', 'two']);
    const paused = async (): Promise<readonly boolean[]> => (await board.queues()).map(({ isPaused }) => isPaused);
    await board.press('one/pause');
    await expect(paused()).resolves.toEqual([true, false]);
    await board.press('one/resume');
    await expect(paused()).resolves.toEqual([false, false]);
    await board.press('pause');
    await expect(paused()).resolves.toEqual([true, true]);
    await board.press('resume');
    await expect(paused()).resolves.toEqual([false, false]);
  });

  it('cleans a state of what is older than five seconds, empties a queue, obliterates it when it is paused', async () => {
    const app = await stage.app();
    const queue = app.queue('work');
    const adapter = new StepstreamAdapter(queue);
    const board = stage.closing(await Board.serve([adapter]));
    const [done, active] = [await queue.add('quick', 1), await queue.add('slow', 2)];
    stage.worker('work', ({ name }) => (name === 'slow' ? NEVER : of('done')), { concurrency: 2 });
    await done.result();
    await until(active, 'active');
    await queue.addBulk([{ name: 'later', data: 3, opts: { delay: hour } }]);
    await board.press('work/clean/completed');
    await expect(queue.getCompletedCount()).resolves.toBe(1); // too young
    await adapter.clean('completed', 0);
    await expect(queue.getCompletedCount()).resolves.toBe(0);
    await expect(board.press('work/obliterate')).rejects.toThrow('QUEUE_NOT_PAUSED');
    await board.press('work/pause');
    await queue.add('waits', 4);
    await board.press('work/empty');
    await expect(queue.getJobCounts('waiting', 'delayed')).resolves.toEqual({ waiting: 0, delayed: 1 });
    await expect(board.press('work/obliterate')).rejects.toThrow('QUEUE_HAS_ACTIVE_JOBS');
    await board.press('work/obliterate', { force: true });
    await expect(queue.getJobCountByTypes()).resolves.toBe(0);
  });

  it('adds a job, and says what is wrong with one that it can not add', async () => {
    const app = await stage.app(processor({ double: (job) => of(job.data * 2) }));
    const board = await stage.board(app, ['work']);
    const options = { attempts: 3, backoff: { type: 'fixed', delay: 1_000 }, removeOnFail: 5 };
    const { body } = await board.call('POST', '/queues/work/add', { name: 'job', data: 21, options });
    const job = (await app.queue('work').getJob(body.job.id))!;
    expect(job.opts).toMatchObject(options);
    await expect(job.result()).resolves.toBe(42);
    const refused = await board.call('POST', '/queues/work/add', { name: 'job', data: 1, options: { attempt: 3 } });
    expect(refused.body.message).toContain('there is no option "attempt"');
  });

  it("changes a job's data, due time and priority", async () => {
    const app = await stage.app();
    const queue = app.queue('work');
    const job = await queue.add('job', { n: 1 }, { delay: hour });
    const board = await stage.board(app, ['work']);
    const change = (what: string, body: object): Promise<unknown> =>
      board.call('PATCH', `/queues/work/${job.id}/${what}`, body);
    await change('update-data', { jobData: { n: 2 } });
    await change('priority', { priority: 7 });
    const runAt = Date.now() + 10 * hour;
    await change('delay', { runAt });
    const changed = (await queue.getJob(job.id))!;
    expect(changed).toMatchObject({ data: { n: 2 }, priority: 7 });
    expect(Math.abs(changed.due! - runAt)).toBeLessThan(hour);
    await expect(board.job('work', job.id)).resolves.toMatchObject({ priority: 7 });
    await job.promote();
    await expect(change('delay', { runAt })).resolves.toMatchObject({ status: 400 });
  });

  it('sets how many jobs may run, and how many in a time', async () => {
    const app = await stage.app();
    const queue = app.queue('work');
    const board = await stage.board(app, ['work']);
    await board.press('work/concurrency', { concurrency: 3 });
    await expect(board.queue('work')).resolves.toMatchObject({ globalConcurrency: 3, supportsGlobalRateLimit: true });
    await board.press('work/concurrency', { concurrency: 0 });
    await expect(board.queue('work')).resolves.toMatchObject({ globalConcurrency: null });
    await board.press('work/rate-limit', { max: 5, duration: 1_000 });
    await expect(board.call('GET', '/queues/work/rate-limit')).resolves.toMatchObject({
      body: { supported: true, rateLimit: { max: 5, duration: 1_000 } },
    });
    await board.press('work/rate-limit', { max: null });
    await expect(queue.getGlobalRateLimit()).resolves.toBeNull();
    await queue.rateLimit(hour);
    expect((await board.queue('work')).activeRateLimitTtl).toBeGreaterThan(hour / 2);
    await board.press('work/rate-limit/release');
    expect((await board.queue('work')).activeRateLimitTtl).toBe(0);
  });

  it("counts finished jobs, and tells of workers, the queue's options for jobs, and the store", async () => {
    const app = await stage.app();
    const board = await stage.board(app, ['work']);
    await expect(board.queue('work')).resolves.toMatchObject({ hasWorkers: false });
    stage.worker('work', () => of('done'), { metrics: { maxDataPoints: 5 } });
    await (await app.queue('work').add('job', 1)).result();
    await expect(board.queue('work')).resolves.toMatchObject({ hasWorkers: true });
    const { worker, stats } = {
      Redis: {
        worker: { name: expect.stringMatching(/^stepstream-/) },
        stats: { status: 200, body: { backend: 'redis', port: server().port, mode: 'standalone' } },
      },
      'the embedded engine': {
        worker: { name: null, addr: 'embedded' },
        stats: { status: 200, body: { version: expect.stringContaining('in the memory of this process'), port: 0 } },
      },
    }[engine];
    await expect(board.call('GET', '/queues/work/workers')).resolves.toMatchObject({ body: { workers: [worker] } });
    await expect(board.call('GET', '/redis/stats')).resolves.toMatchObject(stats);
    await expect(board.call('GET', '/queues/work/metrics')).resolves.toMatchObject({
      body: { completed: { meta: { count: 1 } }, failed: { meta: { count: 0 } } },
    });
    await expect(board.call('GET', '/queues/work/default-job-options')).resolves.toMatchObject({ body: {} });
  });

  it('lists job schedulers, changes them, runs them, and removes them, but not their next job alone', async () => {
    const app = await stage.app();
    const queue = app.queue('work');
    await queue.upsertJobScheduler('hourly', { every: hour }, { name: 'tick', data: { n: 1 }, opts: { attempts: 2 } });
    await queue.upsertJobScheduler('nightly', { pattern: '0 3 * * *', tz: 'UTC' });
    const board = await stage.board(app, ['work']);
    const schedulers = async (): Promise<any[]> => (await board.call('GET', '/job-schedulers')).body.schedulers;
    const [hourly, nightly] = (await schedulers()).toSorted((a, b) => (a.id < b.id ? -1 : 1));
    expect(hourly).toMatchObject({
      id: 'hourly',
      queueName: 'work',
      name: 'tick',
      every: hour,
      iterationCount: 1,
      template: { data: { n: 1 }, opts: { attempts: 2 } },
    });
    expect(nightly).toMatchObject({ id: 'nightly', pattern: '0 3 * * *', tz: 'UTC' });
    const next = nightly.nextRunJobId;
    await expect(board.press(`work/${encodeURIComponent(next)}/clean`)).rejects.toThrow('JOB_BELONGS_TO_JOB_SCHEDULER');
    const patch = (body: object): Promise<unknown> => board.call('PATCH', '/queues/work/job-schedulers/hourly', body);
    await expect(patch({ pattern: 'no pattern' })).resolves.toMatchObject({ status: 400 });
    await expect(patch({ every: 2 * hour, limit: 9 })).resolves.toMatchObject({ status: 204 });
    await expect(queue.getJobScheduler('hourly')).resolves.toMatchObject({
      every: 2 * hour,
      limit: 9,
      name: 'tick',
      template: { data: { n: 1 } },
    });
    const { body: ran } = await board.call('PUT', '/queues/work/job-schedulers/hourly/run');
    expect(ran.job).toMatchObject({ name: 'tick', data: { n: 1 } });
    await board.press('work/job-schedulers/hourly/remove');
    expect((await schedulers()).map(({ id }) => id)).toEqual(['nightly']);
    await expect(board.press('work/job-schedulers/hourly/remove')).rejects.toThrow('404');
    await expect(board.press('work/job-schedulers/hourly/run')).rejects.toThrow('404');
  });

  it('tells of a job scheduler that has reached its limit when it ran last, and lets its last job be removed', async () => {
    const app = await stage.app();
    const queue = app.queue('work');
    stage.worker('work', () => of('done'));
    const last = await queue.upsertJobScheduler('once', { every: hour, limit: 1, immediately: true });
    await last!.result();
    const board = await stage.board(app, ['work']);
    const { schedulers } = (await board.call('GET', '/job-schedulers')).body;
    const { processedOn: lastRun } = (await queue.getJob(last!.id))!;
    expect(schedulers).toMatchObject([{ id: 'once', iterationCount: 1, limit: 1, lastRun, lastRunJobId: last!.id }]);
    expect(schedulers[0]).not.toHaveProperty('next');
    expect(schedulers[0]).not.toHaveProperty('nextRunJobId');
    await board.press(`work/${encodeURIComponent(last!.id)}/clean`);
    await expect(last!.getState()).resolves.toBe('unknown');
  });

  it('draws the flow of a parent and its children, be they added by a step or as a flow, from any of its jobs', async () => {
    const app = await stage.app(
      processor(
        {
          pack: () =>
            from(['books', 'lamp']).pipe(awaitChildren((name: string) => ({ queue: 'parcels', name, data: name }))),
        },
        { queue: 'orders' },
      ),
    );
    const board = await stage.board(app, ['orders', 'parcels']);
    const order = await app.queue('orders').add('order', 1);
    await until(order, 'waiting-children');
    const [child] = await app.queue('parcels').getJobs();
    for (const [queue, id] of [
      ['orders', order.id],
      ['parcels', child!.id],
    ] as const) {
      const { isFlowNode, flowRoot } = await board.flow(queue, id);
      expect(isFlowNode).toBe(true);
      expect(flowRoot).toMatchObject({
        id: order.id,
        queueName: 'orders',
        state: 'waiting-children',
        dependencies: { processed: 0, unprocessed: 2, ignored: 0, failed: 0 },
      });
      expect(
        flowRoot!.children.map(({ name, queueName, state }) => `${name}, ${queueName}, ${state}`).toSorted(),
      ).toEqual(['books, parcels, waiting', 'lamp, parcels, waiting']);
    }
    await expect(board.flow('orders', order.id, 'maxChildren=1')).resolves.toMatchObject({
      flowRoot: { truncated: true },
    });
    await expect(board.flow('parcels', child!.id, 'root=node')).resolves.toMatchObject({ isFlowNode: false });
    const { body } = await board.call('PUT', `/queues/orders/${order.id}/remove-unprocessed-children`);
    expect(body).toEqual({ removed: 2 });
  });

  it("heeds bull-board's own options of an adapter, its formatters and its guard", async () => {
    const app = await stage.app();
    const shown = new StepstreamAdapter(app.queue('work'), {
      readOnlyMode: true,
      prefix: 'shop-',
      delimiter: '-',
      description: 'What is sold',
      displayName: 'Orders',
      externalJobUrl: ({ id }) => ({ href: `https://shop.example/${id}` }),
    });
    shown.setFormatter('data', () => 'hidden');
    shown.setFormatter('name', ({ name }) => `order of ${name}`);
    const hidden = new StepstreamAdapter(app.queue('secrets'));
    hidden.setVisibilityGuard(() => false);
    const noRetries = new StepstreamAdapter(app.queue('once'), { allowRetries: false });
    const board = stage.closing(await Board.serve([shown, hidden, noRetries]));
    const job = await app.queue('work').add('ann', { card: 1 });
    expect((await board.queues()).map(({ name }) => name)).toEqual(['shop-work', 'once']);
    await expect(board.queue('shop-work')).resolves.toMatchObject({
      readOnlyMode: true,
      allowRetries: false,
      description: 'What is sold',
      displayName: 'Orders',
      jobs: [{ data: 'hidden', name: 'order of ann', externalUrl: { href: `https://shop.example/${job.id}` } }],
    });
    await expect(board.queue('once')).resolves.toMatchObject({ allowRetries: false, allowCompletedRetries: false });
    await expect(board.press('shop-work/pause')).rejects.toThrow('QUEUE_READ_ONLY');
    await expect(board.press('secrets/pause')).rejects.toThrow('404');
  });

  it('shows the rest of a job whose data it can not read, as they were written with another codec', async () => {
    const base64 = {
      encode: (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64'),
      decode: (text: string): unknown => JSON.parse(Buffer.from(text, 'base64').toString()),
    };
    const app = await stage.app();
    const { connection, prefix } = stage;
    const writes = stage.closing(createApp({ connection, prefix, codec: base64 }));
    const job = await writes.queue('work').add('secret', { card: 1 });
    const board = await stage.board(app, ['work']);
    await expect(board.job('work', job.id)).resolves.toMatchObject({
      name: 'secret',
      status: 'waiting',
      data: expect.stringMatching(/^unreadable here: /),
    });
  });

  it('shows the rest of a job that sleeps longer than there are dates', async () => {
    const app = await stage.app(processor({ rest: () => of(1).pipe(delay(1e16)) }));
    const job = await app.queue('work').add('job', 1);
    await until(job, 'delayed');
    const board = await stage.board(app, ['work']);
    await expect(board.job('work', job.id)).resolves.toMatchObject({
      status: 'delayed',
      progress: expect.stringMatching(/^unreadable here: /),
    });
  });
});
