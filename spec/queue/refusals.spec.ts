import { FlowProducer, Queue, QueueEvents, Worker, type QueueOptions } from 'stepstream';
import { World } from '../support/world.js';

let world: World;
let logged: string[];
beforeEach(() => {
  world = new World();
  logged = [];
});

const store = () => {
  const note = (message: string): void => void logged.push(message);
  return { connection: world.engine, logger: { warn: note, error: note } };
};
const boom = (): never => {
  throw new Error('a listener threw');
};

describe('a listener that throws', () => {
  it('to a queue: what was done is answered all the same, so that nobody does it again', async () => {
    const queue = new Queue('q', store());
    for (const event of ['waiting', 'paused', 'resumed', 'cleaned', 'removed', 'progress'] as const)
      queue.on(event, boom);
    const job = await queue.add('job', null);
    await queue.updateJobProgress(job.id, 1);
    await queue.pause();
    await queue.resume();
    await queue.clean(0, 0);
    await expect(queue.remove(job.id)).resolves.toBe(1);
    expect(logged).toHaveLength(6);
    const errors: Error[] = [];
    queue.on('error', (error) => errors.push(error));
    await queue.pause();
    expect([errors.map(({ message }) => message), logged.length]).toEqual([['a listener threw'], 6]);
  });

  it('to QueueEvents: is told as an error, and what comes next is heard', async () => {
    const events = new QueueEvents('q', store());
    const errors: Error[] = [];
    const heard: string[] = [];
    events.on('error', (error) => errors.push(error));
    events.on('added', boom);
    events.on('waiting', ({ jobId }) => heard.push(jobId));
    const job = await new Queue('q', store()).add('job', null);
    await world.settle();
    expect([errors.map(({ message }) => message), heard]).toEqual([['a listener threw'], [job.id]]);
    await events.close();
  });
});

it('I14: a result that can not be read is an error of events$ and of QueueEvents, not of the process', async () => {
  const codec = {
    encode: (value: unknown) => JSON.stringify(value) ?? 'null',
    decode: (): never => {
      throw new Error('wrong key');
    },
  };
  const events = new QueueEvents('q', { ...store(), codec });
  const errors: unknown[] = [];
  events.on('error', (error) => errors.push(error));
  const blind = new Queue('q', { ...store(), codec });
  const streamed: unknown[] = [];
  blind.events$.subscribe({ error: (error) => streamed.push(error) });
  const worker = new Worker('q', async () => 'done', store());
  const job = await new Queue('q', store()).add('job', null);
  await world.until(job.result());
  await world.settle();
  expect([errors, streamed]).toEqual([
    [expect.objectContaining({ code: 'CORRUPT_PAYLOAD' })],
    [expect.objectContaining({ code: 'CORRUPT_PAYLOAD' })],
  ]);
  void worker.close(true);
  await world.pass(1_000);
});

describe('options of the queue, and those of the job', () => {
  const defaults: QueueOptions['defaultJobOptions'] = { failParentOnFailure: true, attempts: 3 };

  it.each(['queue', 'flow'])("the job's own word on its parent goes before the %s's", async (which) => {
    const queue = new Queue('q', { ...store(), defaultJobOptions: defaults });
    const parent = await queue.add('parent', null);
    const opts = {
      parent: { id: parent.id, queue: parent.queueQualifiedName },
      ignoreDependencyOnFailure: true,
    };
    const { id } =
      which === 'queue'
        ? await queue.add('child', null, opts)
        : (
            await new FlowProducer(store()).add(
              { name: 'child', queueName: 'q', opts },
              { queuesOptions: { q: { defaultJobOptions: defaults } } },
            )
          ).job;
    const child = (await queue.getJob(id))!;
    expect(child.opts).toMatchObject({ ignoreDependencyOnFailure: true, attempts: 3 });
    const [record] = await world.engine.children('q', parent.id);
    expect(record!.onFailure).toBe('ignore');
  });
});

it.each([
  [{ queueOptions: {} }, 'queueOptions'],
  [{ queuesOptions: { q: { defaultJobOption: {} } } }, 'defaultJobOption'],
  [{ queuesOptions: { q: { defaultJobOptions: { attempts: 'three' } } } }, 'attempts'],
])('a flow is refused with the options %j, which would be ignored in silence', async (options, named) => {
  const flow = new FlowProducer(store());
  await expect(flow.add({ name: 'job', queueName: 'q' }, options as object)).rejects.toMatchObject({
    code: 'CONFIGURATION',
    message: expect.stringContaining(named),
  });
});

it('null in the place of what there may be is refused by name', async () => {
  const flow = new FlowProducer(store());
  const children = null as never;
  await expect(flow.add({ name: 'job', queueName: 'q', children })).rejects.toMatchObject({ code: 'CONFIGURATION' });
  const queue = new Queue('q', store());
  await expect(queue.upsertJobScheduler('s', null as never)).rejects.toMatchObject({ code: 'CONFIGURATION' });
  await expect(queue.upsertJobScheduler('s', { every: 5 }, null as never)).rejects.toMatchObject({
    code: 'CONFIGURATION',
  });
});

it.each([
  [{ settings: { backoff: () => 1 } }, 'settings'],
  [{ limiter: { max: 1, duration: 1, groupKey: 'customer' } }, 'limiter'],
  [{ metrics: { maxDataPoints: 1, max: 1 } }, 'metrics'],
  [{ lockDuration: 1_000, lockRenewTime: 1_000 }, 'lockRenewTime'],
])('a worker is refused with %j', (options, named) => {
  expect(() => new Worker('q', async () => {}, { ...store(), ...(options as object) })).toThrow(named);
});
