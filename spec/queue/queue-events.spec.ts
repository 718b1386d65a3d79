import { Queue, QueueEvents, Worker, memoryEngine, type Engine, type QueueEvent } from 'stepstream';
import { useRedis } from '../support/use-redis.js';

const server = useRedis();
const ends: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

function open<T extends { close(): Promise<unknown> }>(opened: T): T {
  ends.push(() => opened.close());
  return opened;
}

let names = 0;

describe.each<[string, () => string | Engine]>([
  ['memory', () => memoryEngine()],
  ['redis', () => server().url],
])('what is heard of a queue on the %s engine', (engine, connectionOf) => {
  const stage = () => {
    const connection = connectionOf();
    const name = `heard-${++names}`;
    const queue = open(new Queue(name, { connection }));
    const events = open(new QueueEvents(name, { connection }));
    return { connection, name, queue, events };
  };

  it('QueueEvents tells of a job from its adding to its end, by event and by event and job', async () => {
    const { connection, name, queue, events } = stage();
    await events.waitUntilReady();
    const heard: unknown[] = [];
    for (const type of ['added', 'waiting', 'active', 'progress'] as const) {
      events.on(type, (args: object) => heard.push([type, args]));
    }
    const completed = new Promise((resolve) => events.on('completed', (args, id) => resolve({ args, id })));
    const ofJob = new Promise((resolve) => (events as NodeJS.EventEmitter).on('completed:mine', resolve));
    open(
      new Worker(
        name,
        async (job) => {
          await job.updateProgress(50);
          return { done: true };
        },
        { connection },
      ),
    );
    await queue.add('job', null, { jobId: 'mine' });
    await expect(completed).resolves.toEqual({
      args: { jobId: 'mine', returnvalue: { done: true }, prev: 'active' },
      id: expect.any(String),
    });
    await expect(ofJob).resolves.toMatchObject({ jobId: 'mine' });
    expect(heard).toMatchObject([
      ['added', { jobId: 'mine', name: 'job' }],
      ['waiting', { jobId: 'mine' }],
      ['active', { jobId: 'mine' }],
      ['progress', { jobId: 'mine', data: 50 }],
    ]);
  });

  it('queue.events$ emits the same, and what happens to the queue; it completes when the queue is closed', async () => {
    const { connection, name } = stage();
    const queue = new Queue(name, { connection });
    const heard: QueueEvent[] = [];
    const over = new Promise<void>((resolve) =>
      queue.events$.subscribe({ next: (event) => heard.push(event), complete: resolve }),
    );
    await queue.pause();
    const job = await queue.add('job', null, { deduplication: { id: 'only' } });
    await queue.add('job', null, { deduplication: { id: 'only' } });
    await queue.resume();
    await job.remove();
    await queue.close();
    await over;
    expect(heard.map(({ type }) => type)).toEqual(['paused', 'added', 'waiting', 'deduplicated', 'resumed', 'removed']);
    expect(heard[3]).toMatchObject({ jobId: job.id, deduplicationId: 'only', deduplicatedJobId: '2' });
  });

  it('listens once, from when it is run', async () => {
    const { connection, name } = stage();
    const events = open(new QueueEvents(name, { connection, autorun: false }));
    await events.run();
    await expect(events.run()).rejects.toMatchObject({ code: 'QUEUE_STATE' });
  });

  if (engine === 'redis') {
    it('goes on after the event whose id it is given', async () => {
      const { connection, name, queue, events } = stage();
      const first = new Promise<string>((resolve) => events.once('added', (_args, id) => resolve(id)));
      await events.waitUntilReady();
      await queue.add('job', null, { jobId: 'a' });
      const lastEventId = await first;
      await queue.add('job', null, { jobId: 'b' });
      const resumed = new QueueEvents(name, { connection, lastEventId, autorun: false });
      open(resumed);
      const added = new Promise((resolve) => resumed.once('added', resolve));
      await resumed.run();
      await expect(added).resolves.toEqual({ jobId: 'b', name: 'job' });
    });
  }
});

it.each([{ lastEventId: 'first' }, { autorun: 1 }, { blockingTimeout: 5 }])('QueueEvents refuses %j', (options) => {
  expect(() => new QueueEvents('work', options as never)).toThrow('There is no such QueueEvents');
});
