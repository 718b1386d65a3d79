import { Redis } from 'ioredis';
import { filter, firstValueFrom } from 'rxjs';
import {
  Queue,
  Worker,
  createApp,
  jsonCodec,
  type App,
  type Codec,
  type Job,
  type Worker as AnyWorker,
} from 'stepstream';
import { makeDocumentedUser } from '../engine/redis/documented-user.js';
import { useRedis } from '../support/use-redis.js';
import { Orders, hostile, type Order } from './orders.js';
import { cellsOf, cli, type Printed } from './run-cli.js';

jest.setTimeout(30_000);

const server = useRedis();
let app: App;
let worker: AnyWorker;
const jobs: Record<string, Job> = {};

/** Resolves when the job is in the state. */
async function became(job: Job, state: string): Promise<void> {
  const isIt = ({ type }: { readonly type: string }): boolean => type === state;
  await firstValueFrom(job.events$.pipe(filter(isIt)), { defaultValue: undefined });
}

beforeAll(async () => {
  const quiet = { warn: () => {}, error: () => {} };
  app = createApp({ processors: [Orders], connection: server().url, logger: quiet });
  const orders = app.queue<Order>('orders');
  await app.start();
  jobs['asleep'] = await orders.add('order', { note: hostile });
  jobs['parent'] = await orders.add('order', { parcels: ['a', 'b'] });
  jobs['failed'] = await orders.add('order', { broke: true });
  await Promise.all([
    became(jobs['asleep'], 'delayed'),
    became(jobs['parent'], 'waiting-children'),
    became(jobs['failed'], 'failed'),
  ]);
  const mails = app.queue('mails');
  jobs['urgent'] = await mails.add('mail', { to: 'ada' }, { priority: 1 });
  jobs['waiting'] = await mails.add('mail', { to: 'bob' });
  jobs['later'] = await mails.add('mail', { to: 'eve' }, { delay: 1e6 });
  jobs['done'] = await app.queue('done').add('mail', 1);
  jobs['active'] = await app.queue('long').add('run', 1);
  worker = new Worker('done', async () => ({ sent: true }), { connection: server().url });
  await jobs['done'].result();
  await worker.close();
  worker = new Worker(
    'long',
    async (job, _token, signal) => {
      await job.updateProgress(40);
      await new Promise((resolve) => signal?.addEventListener('abort', resolve));
    },
    { connection: server().url },
  );
  await firstValueFrom(jobs['active'].progress$);
});

afterAll(async () => {
  await worker.close({ grace: 0 });
  await app.close();
});

const on = (...args: readonly string[]): Promise<Printed> =>
  cli(['jobs', ...args], { env: { REDIS_URL: server().url } });
const json = async (...args: readonly string[]) => JSON.parse((await on(...args, '--json')).out);

/** Nothing that a terminal would obey: one line is one line. */
function expectHarmless(text: string): void {
  expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
}

describe('stepstream jobs queues', () => {
  it('lists the queues with their jobs by state, and their workers', async () => {
    const { code, out } = await on('queues');
    expect(code).toBe(0);
    const [head, ...rows] = out.trimEnd().split('\n').map(cellsOf);
    expect(head).toEqual([
      'QUEUE',
      'ACTIVE',
      'WAITING',
      'PRIORITIZED',
      'DELAYED',
      'WAITING-CHILDREN',
      'COMPLETED',
      'FAILED',
      'WORKERS',
    ]);
    expect(rows).toEqual([
      ['done', '0', '0', '0', '0', '0', '1', '0', '0'],
      ['long', '1', '0', '0', '0', '0', '0', '0', '1'],
      ['mails', '0', '1', '1', '1', '0', '0', '0', '0'],
      ['orders', '0', '0', '0', '1', '1', '0', '1', '1'],
      ['parcels', '0', '2', '0', '0', '0', '0', '0', '0'],
    ]);
  });

  it('says so when there are none under the prefix', async () => {
    const printed = await on('queues', '--prefix', 'other');
    expect(printed).toEqual({ code: 0, out: 'no queue has jobs under this prefix\n', err: '' });
  });
});

describe('keys of another program under the prefix', () => {
  let admin: Redis;

  beforeAll(() => {
    admin = new Redis(server().url);
  });

  afterAll(() => admin.disconnect());

  it('are no queue when they are of no queue, and keep no other queue from being shown', async () => {
    await admin.set('bull:text:meta', 'of another program');
    await admin.set('bull:broken:wait', 'of another program');
    await admin.hset('bull:broken:meta', 'version', 'bullmq:6.0.0');
    const { code, out, err } = await on('queues');
    expect({ code, shown: out.split('\n').map((line) => cellsOf(line)[0]) }).toEqual({
      code: 1,
      shown: ['QUEUE', 'done', 'long', 'mails', 'orders', 'parcels', ''],
    });
    expect(err).toMatch(/^queue broken: .*WRONGTYPE.*\n$/);
    expect((await json('queues')).queues[0]).toEqual({
      queue: 'broken',
      error: { code: 'STORE_FAULT', message: expect.stringContaining('WRONGTYPE') },
    });
    const { out: found } = await cli(['doctor', '--redis', server().url]);
    expect(found).toContain('✗ queue broken: Redis at ');
    expect(found).toContain('! queue mails: ');
    await admin.del('bull:text:meta', 'bull:broken:wait', 'bull:broken:meta');
  });

  it('keep no job after the one that they spoil from being changed, and a store that refuses is told after what became of those before', async () => {
    const queue = app.queue('half');
    await queue.add('mail', 1);
    await queue.add('mail', 1, { delay: 1e6 });
    await admin.set('bull:half:spoilt', 'of another program');
    await expect(on('cancel', 'half', 'spoilt', '1')).resolves.toEqual({
      code: 1,
      out: 'job 1 of queue half: cancelled\n',
      err: expect.stringContaining('WRONGTYPE'),
    });
    const url = await makeDocumentedUser(admin, server(), 'bull', '-zrem');
    const asked = ['jobs', 'cancel', 'half', '99', '2', '1', '--redis', url];
    const printed = await cli(asked);
    expect(printed).toMatchObject({ code: 3, out: '' });
    expect(printed.err.split('\n')).toEqual([
      'job 99 of queue half is not in the store',
      'job 2 of queue half: not done',
      'job 1 of queue half: not done',
      expect.stringMatching(/^stepstream: Redis at .* forbids the user something/),
      '',
    ]);
    const { code, out } = await cli([...asked, '--json']);
    const error = { code: 'STORE_UNAVAILABLE', message: expect.any(String) };
    expect({ code, ...JSON.parse(out) }).toEqual({
      code: 3,
      queue: 'half',
      jobs: [
        { id: '99', done: false, error: { code: 'JOB_NOT_FOUND', message: expect.any(String) } },
        { id: '2', done: false, error },
        { id: '1', done: false, error },
      ],
      error,
    });
    await queue.obliterate();
  });
});

describe('stepstream jobs list', () => {
  it('lists jobs in each state with their step and what they saved last', async () => {
    const { code, out } = await on('list', 'orders');
    expect(code).toBe(0);
    expectHarmless(out);
    const lines = out.trimEnd().split('\n');
    expect(lines.slice(0, -1).map(cellsOf)).toEqual([
      ['ID', 'NAME', 'STATE', 'STEP', 'ATTEMPTS', 'WHEN', 'PROGRESS'],
      ['1', 'order', 'delayed', 'review', '0', 'due in 2 days', '[]'],
      ['2', 'order', 'waiting-children', 'ship', '0', expect.stringMatching(/^added /), '{"receipt":"r-1"}'],
      [
        '3',
        'order',
        'failed',
        'charge',
        '2',
        expect.stringMatching(/^finished /),
        expect.stringContaining('declined \\u{1b}[2J'),
      ],
    ]);
    expect(lines.at(-1)).toBe('orders: 1 delayed, 1 waiting-children, 1 failed');
  });

  it('lists the asked states only, page by page, those that run next first', async () => {
    const mails = await json('list', 'mails', '--state', 'waiting,delayed', '--state', 'prioritized');
    expect(mails.counts).toEqual({ waiting: 1, prioritized: 1, delayed: 1 });
    expect(mails.jobs).toMatchObject([
      { id: '2', state: 'waiting' },
      { id: '1', state: 'prioritized', priority: 1 },
      { id: '3', state: 'delayed', due: expect.any(Number) },
    ]);
    const page = (n: number) => json('list', 'parcels', '--size', '1', '--page', String(n));
    const [first, second, third] = await Promise.all([page(1), page(2), page(3)]);
    expect([first, second, third].map((each) => each.jobs.length)).toEqual([1, 1, 0]);
    expect(first.jobs[0].id).not.toBe(second.jobs[0].id);
    expect(second).toMatchObject({ queue: 'parcels', page: 2, size: 1, counts: { waiting: 2 } });
  });

  it('shows the progress of a function, and a result', async () => {
    await expect(json('list', 'long')).resolves.toMatchObject({ jobs: [{ state: 'active', progress: 40 }] });
    await expect(json('list', 'done')).resolves.toMatchObject({
      jobs: [{ state: 'completed', finishedOn: expect.any(Number) }],
    });
  });

  it('a queue that is not there has no jobs', async () => {
    await expect(on('list', 'nowhere')).resolves.toEqual({ code: 0, out: 'nowhere: no such jobs\n', err: '' });
  });

  it.each([
    [['--state', 'lost'], 'there is no state lost; there are active, waiting,'],
    [['--size', '0'], '--size must be a whole number from 1 to 1000'],
    [['--page', 'x'], '--page must be a whole number from 1 to'],
  ])('refuses %p', async (options, message) => {
    const { code, out, err } = await on('list', 'orders', ...options);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(err).toContain(message);
  });
});

describe('stepstream jobs show', () => {
  it('shows where a job stands: step, visit, gates with due times, outputs, log', async () => {
    const shown = await json('show', 'orders', '1');
    const due = Date.now() + 3 * 86_400_000;
    expect(shown).toMatchObject({
      id: '1',
      queue: 'orders',
      state: 'delayed',
      data: { note: hostile },
      checkpoint: {
        run: 1,
        visit: 3,
        step: 'review',
        gates: [{ kind: 'checkpoint' }, { key: 'calm', due: expect.any(Number) }],
        outputs: { charge: { receipt: 'r-1' }, ship: [] },
      },
      logs: { count: 1, last: [`ships ${hostile}`] },
    });
    expect(Math.abs(shown.checkpoint.gates[1].due - due)).toBeLessThan(600_000);
    const { code, out } = await on('show', 'orders', '1');
    expect(code).toBe(0);
    expectHarmless(out);
    for (const part of [
      'step   review',
      'visit  3',
      `'calm'      passes `,
      '(in 2 days)',
      'charge  {"receipt":"r-1"}',
      'ships \\u{1b}[2J',
    ]) {
      expect(out).toContain(part);
    }
  });

  it('shows the children that a job waits for, and the parent of a child', async () => {
    const { children } = await json('show', 'orders', '2');
    expect(children).toMatchObject([
      { queue: 'parcels', status: 'pending' },
      { queue: 'parcels', status: 'pending' },
    ]);
    await expect(json('show', 'parcels', children[0].id)).resolves.toMatchObject({
      parent: { queue: 'orders', id: '2' },
      data: 'a',
    });
    expect((await on('show', 'orders', '2')).out).toContain(`parcels  ${children[0].id}  pending`);
  });

  it('shows why a job has failed, with its stack', async () => {
    const failed = await json('show', 'orders', '3');
    expect(failed).toMatchObject({
      state: 'failed',
      failedReason: `declined ${hostile}`,
      attemptsMade: 2,
      checkpoint: { step: 'charge' },
    });
    const { out } = await on('show', 'orders', '3');
    expectHarmless(out);
    expect(out).toMatch(/stack\n {2}Error: declined/);
  });

  it('shows results, and what has completed without a checkpoint', async () => {
    const done = await json('show', 'done', '1');
    expect(done).toMatchObject({ returnvalue: { sent: true }, children: [], logs: { count: 0, last: [] } });
    expect(done).not.toHaveProperty('checkpoint');
  });

  it('tells of a job that is not there', async () => {
    await expect(on('show', 'orders', '99')).resolves.toEqual({
      code: 1,
      out: '',
      err: 'job 99 of queue orders is not in the store\n',
    });
    await expect(json('show', 'orders', '99')).resolves.toMatchObject({ error: { code: 'JOB_NOT_FOUND' } });
  });

  it('shows what another codec has written as it is, and long values cut short', async () => {
    const secret: Codec = {
      encode: (value) => `enc:${jsonCodec.encode(value)}`,
      decode: (text) => jsonCodec.decode(text.slice(4)),
    };
    const queue = new Queue('secrets', { connection: server().url, codec: secret });
    await queue.add('secret', 'plain');
    await queue.close();
    await app.queue('mails').add('long', 'x'.repeat(100_000), { jobId: 'long' });
    await expect(json('show', 'secrets', '1')).resolves.toMatchObject({ data: { opaque: 'enc:"plain"' } });
    const { code, out } = await on('show', 'mails', 'long');
    expect(code).toBe(0);
    expect(out.length).toBeLessThan(1_000);
    expect((await json('show', 'mails', 'long')).data).toHaveLength(100_000);
    await app.queue('mails').remove('long');
  });
});

describe('stepstream jobs promote, cancel, retry', () => {
  it('promotes delayed jobs, and tells of each that is none', async () => {
    const { code, out, err } = await on('promote', 'mails', '3', '2', '99');
    expect(code).toBe(1);
    expect(out).toBe('job 3 of queue mails: promoted\n');
    expect(err).toBe('job 2 of queue mails is not delayed, but waiting\njob 99 of queue mails is not in the store\n');
    await expect(jobs['later']!.getState()).resolves.toBe('waiting');
  });

  it('cancels jobs that wait, and those that run, for a reason; not those that have finished', async () => {
    const cancelled = await json('cancel', 'mails', '2', '1', '--reason', 'not needed');
    expect(cancelled).toEqual({
      queue: 'mails',
      jobs: [
        { id: '2', done: true },
        { id: '1', done: true },
      ],
    });
    await expect(jobs['waiting']!.result()).rejects.toThrow('not needed');
    await expect(on('cancel', 'long', '1')).resolves.toMatchObject({ code: 0 });
    await expect(jobs['active']!.result()).rejects.toThrow('cancelled');
    await expect(json('cancel', 'done', '1')).resolves.toMatchObject({
      jobs: [{ done: false, error: { code: 'JOB_STATE' } }],
    });
  });

  it('retries failed jobs from their checkpoints, completed ones only when they are asked for', async () => {
    await expect(on('retry', 'orders', '3')).resolves.toMatchObject({
      code: 0,
      out: 'job 3 of queue orders: will run again\n',
    });
    await expect(on('retry', 'done', '1')).resolves.toMatchObject({
      code: 1,
      err: 'job 1 of queue done is not failed, but completed\n',
    });
    await expect(on('retry', 'done', '1', '--completed')).resolves.toMatchObject({ code: 0 });
    await expect(jobs['done']!.getState()).resolves.toBe('waiting');
  });

  it('takes all of a state with --all', async () => {
    await expect(on('retry', 'mails', '--all')).resolves.toMatchObject({
      code: 0,
      out: '2 jobs of queue mails: will run again\n',
    });
    await app.queue('mails').add('mail', 1, { delay: 1e6 });
    await expect(json('promote', 'mails', '--all')).resolves.toEqual({ queue: 'mails', all: true, count: 1 });
  });

  it.each([['retry'], ['promote']])('%s wants either ids or --all', async (command) => {
    for (const args of [['mails'], ['mails', '1', '--all']]) {
      const { code, err } = await on(command, ...args);
      expect(code).toBe(2);
      expect(err).toContain('which jobs? Give their ids, or --all');
    }
  });
});
