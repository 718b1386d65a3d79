import {
  ClosedError,
  ConfigurationError,
  PayloadTooLargeError,
  UnserializableValueError,
  createApp,
  type App,
  type BulkJob,
  type Fault,
  type JobOptions,
  type Queue,
} from 'stepstream';
import { faultsIn } from '../support/faults.js';

let app: App;
let queue: Queue;

beforeEach(() => {
  app = createApp();
  queue = app.queue('orders');
});

afterEach(() => app.close());

/** What the queue refuses, and that nothing was added. */
async function refused(add: (queue: Queue) => Promise<unknown>): Promise<readonly Fault[]> {
  const error = await add(queue).then(
    () => new Error('it was added'),
    (refusal: unknown) => refusal,
  );
  await expectEmpty();
  return faultsIn(error);
}

/** The ids of jobs are the next numbers: the first job has the first one. */
async function expectEmpty(): Promise<void> {
  const { id } = await queue.add('probe', 1);
  expect(id).toBe('1');
}

describe('queue.add', () => {
  it('answers the job that was added, and stores its options', async () => {
    const opts: JobOptions = { attempts: 3, backoff: { type: 'exponential', delay: 10 }, priority: 2 };
    const job = await queue.add('order', { total: 1 }, opts);
    expect(job).toMatchObject({ id: '1', name: 'order', queueName: 'orders', data: { total: 1 }, opts });
    expect(await queue.getJob('1')).toMatchObject({ name: 'order', data: { total: 1 }, opts });
    expect(await queue.getJob('2')).toBeUndefined();
  });

  it('options that their owner changes later do not change the job', async () => {
    const opts = { attempts: 3, backoff: { type: 'fixed' as const, delay: 10 } };
    const { id } = await queue.add('order', 1, opts);
    opts.attempts = 5;
    opts.backoff.delay = 20;
    expect((await queue.getJob(id))?.opts).toEqual({ attempts: 3, backoff: { type: 'fixed', delay: 10 } });
  });

  it('names all that is wrong with a job together, and adds nothing', async () => {
    const faults = await refused(() =>
      queue.add('a:b', 1, { delay: -1, priority: 2 ** 22, attempts: 1.5, repeat: {}, jobId: '7' } as never),
    );
    expect(faults.map(({ code, at }) => `${code} ${at}`)).toEqual([
      'INVALID_NAME job of queue "orders"',
      'INVALID_OPTION job of queue "orders"',
      'INVALID_OPTION job of queue "orders"',
      'INVALID_OPTION job of queue "orders"',
      'UNKNOWN_OPTION job of queue "orders"',
      'INVALID_OPTION job of queue "orders"',
    ]);
    expect(faults.map(({ message }) => message.split(' ')[0]).slice(1, 4)).toEqual(['delay', 'priority', 'attempts']);
    expect(faults[4]!.message).toContain('there is no option "repeat"; there are delay, priority');
  });

  it.each(['a:b', 'a{b}', 'a*', 'a?', 'a[b]', 'a b', 'a\n', '', 'x'.repeat(129), undefined, null, 5, {}])(
    'X1: refuses a job named %p',
    async (name) => {
      const faults = await refused(() => queue.add(name as string, 1));
      expect(faults.map(({ code }) => code)).toEqual(['INVALID_NAME']);
    },
  );

  it.each([
    { delay: '1 s' },
    { delay: NaN },
    { delay: Infinity },
    { priority: -1 },
    { priority: 1.5 },
    { lifo: 1 },
    { attempts: -1 },
    { backoff: '1 s' },
    { backoff: [] },
    { backoff: { type: 'fixed', delay: -1 } },
    { jobId: '12' },
    { jobId: 12 },
    { jobId: 'a:b' },
    { jobId: '' },
    { timestamp: -1 },
    { timestamp: new Date(0) },
    { removeOnComplete: 'yes' },
    { removeOnComplete: -1 },
    { removeOnComplete: [] },
    { removeOnFail: { age: -1 } },
    { removeOnFail: { count: 1.5 } },
    { removeOnFail: { limit: 1.5 } },
    { removeOnFail: { most: 1 } },
  ])('refuses the options %p', async (opts) => {
    const faults = await refused(() => queue.add('order', 1, opts as JobOptions));
    expect(faults.map(({ code, at }) => [code, at])).toEqual([['INVALID_OPTION', 'job "order" of queue "orders"']]);
  });

  it.each([null, 5, 'text', []])('refuses %p in the place of options', async (opts) => {
    const faults = await refused(() => queue.add('order', 1, opts as never));
    expect(faults.map(({ code }) => code)).toEqual(['INVALID_OPTION']);
  });

  it.each([
    {},
    { delay: 0, priority: 0, lifo: false, attempts: 0, backoff: 0, timestamp: 0 },
    { delay: undefined, jobId: undefined, backoff: undefined },
    { priority: 2_097_151, jobId: 'order-1', backoff: { type: 'exponential', delay: 1, jitter: 0.5 } },
    { removeOnComplete: true, removeOnFail: 5 },
    { removeOnComplete: { age: 1.5 }, removeOnFail: { age: 1, count: 5 } },
  ] as const)('takes the options %p', async (opts) => {
    await expect(queue.add('order', 1, opts as JobOptions)).resolves.toMatchObject({ name: 'order' });
  });

  it('adds nothing when the data can not be stored, and says of which job', async () => {
    const large = 'x'.repeat(1024 * 1024);
    await expect(queue.add('order', { at: new Map() })).rejects.toThrow(UnserializableValueError);
    await expect(queue.add('order', large)).rejects.toThrow(PayloadTooLargeError);
    await expect(queue.add('order', large)).rejects.toThrow('the data of job "order" of queue "orders"');
    await expectEmpty();
  });

  it('a job whose id exists is answered and left as it is', async () => {
    await queue.add('order', 'first', { jobId: 'one' });
    const { id } = await queue.add('order', 'second', { jobId: 'one' });
    expect((await queue.getJob(id))?.data).toBe('first');
  });

  it('after the close of its app it rejects with ClosedError', async () => {
    await app.close();
    await expect(queue.add('order', 1)).rejects.toThrow(ClosedError);
    await expect(queue.addBulk([])).rejects.toThrow('queue orders');
  });
});

describe('queue.addBulk', () => {
  it('adds jobs in their order', async () => {
    const jobs = await queue.addBulk([
      { name: 'a', data: 1 },
      { name: 'b', data: 2, opts: { delay: 5 } },
    ]);
    expect(jobs.map(({ id, name, data, opts }) => [id, name, data, opts])).toEqual([
      ['1', 'a', 1, {}],
      ['2', 'b', 2, { delay: 5 }],
    ]);
    expect(await queue.addBulk([])).toEqual([]);
  });

  it('with one bad job it adds none, and names the faults of all jobs together', async () => {
    const faults = await refused(() =>
      queue.addBulk([
        { name: 'good', data: 1 },
        { name: 'bad', data: 2, opts: { attempts: -1 } },
        { name: 'a:b', data: 3, opts: { lifo: 5 as never } },
      ]),
    );
    expect(faults.map(({ code, at }) => `${code} ${at}`)).toEqual([
      'INVALID_OPTION jobs[1] "bad" of queue "orders"',
      'INVALID_NAME jobs[2] of queue "orders"',
      'INVALID_OPTION jobs[2] of queue "orders"',
    ]);
  });

  it('with data that can not be stored in one job it adds none', async () => {
    const jobs = [
      { name: 'good', data: 1 },
      { name: 'bad', data: () => 1 },
    ];
    await expect(queue.addBulk(jobs)).rejects.toThrow(UnserializableValueError);
    await expectEmpty();
  });

  it('refuses a misspelt member of a job, which would be ignored in silence', async () => {
    const faults = await refused(() =>
      queue.addBulk([{ name: 'order', data: 1, options: { attempts: 3 } } as BulkJob<1>]),
    );
    expect(faults).toEqual([
      expect.objectContaining({ code: 'UNKNOWN_OPTION', at: 'jobs[0] "order" of queue "orders"' }),
    ]);
  });

  it.each([null, 5, 'job', []])('refuses %p in the place of a job', async (job) => {
    await expect(queue.addBulk([job as never])).rejects.toThrow(ConfigurationError);
    await expectEmpty();
  });
});
