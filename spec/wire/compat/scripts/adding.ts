import type { JobsOptions } from 'bullmq';
import type { Scripts } from '../stage.js';

const hour = 3_600_000;

/** Options that one job can have, each by itself; what comes of it is seen in the job and in the keys. */
const options: Readonly<Record<string, JobsOptions>> = {
  'no options': {},
  delay: { delay: hour },
  'a delay of 0': { delay: 0 },
  priority: { priority: 7 },
  'the last priority': { priority: 2_097_151 },
  'delay and priority': { delay: hour, priority: 3 },
  lifo: { lifo: true },
  attempts: { attempts: 5 },
  'a fixed backoff': { attempts: 2, backoff: 1_000 },
  'an exponential backoff': { attempts: 3, backoff: { type: 'exponential', delay: 100, jitter: 0.5 } },
  "a backoff of one's own": { attempts: 3, backoff: { type: 'mine' } },
  jobId: { jobId: 'mine' },
  'removal when completed': { removeOnComplete: true },
  'removal but for some': { removeOnComplete: 10, removeOnFail: { age: 60, count: 5, limit: 100 } },
  'no removal': { removeOnComplete: false, removeOnFail: false },
  'removal when failed': { removeOnFail: true },
  keepLogs: { keepLogs: 2 },
  sizeLimit: { sizeLimit: 100 },
  timestamp: { timestamp: 1_600_000_000_000 },
  stackTraceLimit: { stackTraceLimit: 1 },
  'a failure flag without a parent': { failParentOnFailure: true },
};

export const adding: Scripts = {
  ...Object.fromEntries(
    Object.entries(options).map(([what, opts]) => [
      `add() with ${what}`,
      async (stage) => {
        const queue = await stage.queue();
        const job = await queue.add('run', { a: [1, 'ü', null] }, opts);
        stage.tell('added', job);
        stage.tell('found', await queue.getJob(job.id!));
      },
    ]),
  ),

  'add() of data of every kind': async (stage) => {
    const queue = await stage.queue();
    for (const data of [{}, [], 'text', '', 0, 1.5, true, null, undefined, { deep: { er: [] } }]) {
      const job = await queue.add('run', data);
      stage.tell('added', job.data);
      stage.tell('found', (await queue.getJob(job.id!))?.data);
    }
  },

  'add() with the options of the queue, and against them': async (stage) => {
    const queue = await stage.queue('work', {
      defaultJobOptions: { attempts: 3, removeOnComplete: true, delay: hour, priority: 4 },
    });
    stage.tell('defaults', queue.defaultJobOptions);
    stage.tell('with them', await queue.add('run', 1));
    stage.tell('against them', await queue.add('run', 2, { attempts: 1, delay: 0, priority: 0 }));
    stage.tell('against one with undefined', await queue.add('run', 3, { attempts: undefined as never }));
    stage.tell('bulk', await queue.addBulk([{ name: 'run', data: 4 }]));
  },

  'add() of an id that is there': async (stage) => {
    const queue = await stage.queue();
    stage.tell('first', await queue.add('run', 'first', { jobId: 'same' }));
    stage.tell('second', await queue.add('run', 'second', { jobId: 'same', priority: 1 }));
    stage.tell('third', await queue.add('run', 'third'));
    stage.tell('found', await queue.getJob('same'));
  },

  'add() of an id of three parts': async (stage) => {
    const queue = await stage.queue();
    await stage.refused('three parts', 'ConfigurationError', () => queue.add('run', 1, { jobId: 'a:b:c' }));
  },

  'add() to a paused queue': async (stage) => {
    const queue = await stage.queue();
    await queue.pause();
    for (const opts of [{}, { lifo: true }, { priority: 2 }, { delay: hour }]) {
      const job = await queue.add('run', {}, opts);
      stage.tell('state', await job.getState());
    }
    stage.tell('counts', await queue.getJobCounts());
  },

  'add() in order of arrival, lifo and priority': async (stage) => {
    const queue = await stage.queue();
    for (const jobId of ['a', 'b']) await queue.add('run', {}, { jobId });
    await queue.add('run', {}, { jobId: 'first', lifo: true });
    for (const [jobId, priority] of [
      ['p2', 2],
      ['p1', 1],
      ['p2-again', 2],
    ] as const)
      await queue.add('run', {}, { jobId, priority });
    const ran: unknown[] = [];
    await stage.work(async ({ id }) => ran.push(id), 6);
    stage.tell('order', ran);
  },

  'add() of lifo and priority at once': async (stage) => {
    const queue = await stage.queue();
    for (const [jobId, lifo] of [
      ['a', false],
      ['b', false],
      ['first', true],
    ] as const)
      await queue.add('run', {}, { jobId, priority: 2, lifo });
    stage.tell(
      'order',
      (await queue.getPrioritized()).map(({ id }) => id),
    );
  },

  'addBulk()': async (stage) => {
    const queue = await stage.queue();
    stage.tell('none', await queue.addBulk([]));
    stage.tell(
      'some',
      await queue.addBulk([
        { name: 'a', data: 1 },
        { name: 'b', data: 2, opts: { priority: 3 } },
        { name: 'c', data: 3, opts: { delay: hour } },
        { name: 'd', data: 4, opts: { jobId: 'mine', lifo: true } },
        { name: 'e', data: 5, opts: { jobId: 'mine' } },
      ]),
    );
    stage.tell('counts', await queue.getJobCounts());
  },

  "a queue's settings": async (stage) => {
    const queue = await stage.queue();
    stage.tell('name', [queue.name, queue.opts.prefix, queue.qualifiedName]);
    const { version, ...meta } = await queue.getMeta();
    stage.tell('meta', meta);
    stage.tell('has a version', typeof version);
    await stage.ask('the same', async () => (await queue.getVersion()) === version);
  },
};
