import type { JobsOptions, JobType, QueueOptions, WorkerOptions } from 'bullmq';
import type { Scripts } from '../stage.js';

/** Options of jobs that nobody should get by with. */
const jobs: Readonly<Record<string, JobsOptions>> = {
  'an id that is an integer': { jobId: '7' },
  'an id that is a negative integer': { jobId: '-7' },
  'an id of 0': { jobId: '0' },
  "an id that begins with '0:'": { jobId: '0:a' },
  'an id with a colon': { jobId: 'a:b' },
  'an id with four parts': { jobId: 'a:b:c:d' },
  'an empty id': { jobId: '' },
  'an id with a space': { jobId: 'a b' },
  'an id that is the name of a key': { jobId: 'wait' },
  'an id that is no text': { jobId: 7 as never },
  'a priority with a fraction': { priority: 1.5 },
  'a priority that is too high': { priority: 2_097_152 },
  'a negative priority': { priority: -1 },
  'a priority that is no number': { priority: 'high' as never },
  'a negative delay': { delay: -1 },
  'a delay that is no number': { delay: 'soon' as never },
  'a delay of NaN': { delay: Number.NaN },
  'two failure flags': { failParentOnFailure: true, removeDependencyOnFailure: true },
  'four failure flags': {
    failParentOnFailure: true,
    removeDependencyOnFailure: true,
    ignoreDependencyOnFailure: true,
    continueParentOnFailure: true,
  },
  'a deduplication without an id': { deduplication: {} as never },
  'a deduplication with an empty id': { deduplication: { id: '' } },
  'a jitter of 2': { backoff: { type: 'fixed', delay: 1, jitter: 2 } },
  'a debounce': { debounce: { id: 'one' } } as never,
  'an unknown option': { retries: 3 } as never,
  'a repeat': { repeat: { every: 1_000 } } as never,
  'attempts with a fraction': { attempts: 1.5 },
  'negative attempts': { attempts: -1 },
  'a negative backoff': { backoff: -5 },
  'more data than sizeLimit': { sizeLimit: 3 },
  'a parent that is not there': { parent: { id: 'none', queue: 'P:work' } },
  'a parent whose queue has no prefix': { parent: { id: 'none', queue: 'work' } },
  'negative keepLogs': { keepLogs: -1 },
  'removeOnComplete that is text': { removeOnComplete: 'yes' as never },
};

/** By what ours refuse a job, unless it's a ConfigurationError. */
const errors: Readonly<Record<string, string>> = {
  'a parent that is not there': 'JobNotFoundError',
  'more data than sizeLimit': 'PayloadTooLargeError',
};

const nonsense = 'nonsense' as JobType;

const workers: Readonly<Record<string, Partial<WorkerOptions>>> = {
  'a concurrency of 0': { concurrency: 0 },
  'an infinite concurrency': { concurrency: Number.POSITIVE_INFINITY },
  'a concurrency with a fraction': { concurrency: 1.5 },
  'a stalledInterval of 0': { stalledInterval: 0 },
  'a drainDelay of 0': { drainDelay: 0 },
  'a negative maxStalledCount': { maxStalledCount: -1 },
  'a negative maxStartedAttempts': { maxStartedAttempts: -1 },
  'a lockDuration of 0': { lockDuration: 0 },
  'an unknown option': { threads: 3 } as never,
  'a drainDelay': { drainDelay: 1 },
  'a runRetryDelay': { runRetryDelay: 1 },
  'threads of its own': { useWorkerThreads: true },
  'no renewal of locks': { skipLockRenewal: true },
};

const queues: Readonly<Record<string, Partial<QueueOptions>>> = {
  'an unknown option': { retries: 3 } as never,
  'a length of its events': { streams: { events: { maxLen: 7 } } },
  'no settings of its own': { skipMetasUpdate: true },
  'default options of a job that are wrong': { defaultJobOptions: { priority: 1.5 } },
};

export const refusing: Scripts = {
  ...Object.fromEntries(
    Object.entries(jobs).map(([what, opts]) => [
      `a job with ${what}`,
      async (stage) => {
        const queue = await stage.queue();
        const { parent, ...others } = opts;
        const given = parent
          ? { ...others, parent: { ...parent, queue: parent.queue.replace('P', stage.prefix) } }
          : opts;
        const error = errors[what] ?? 'ConfigurationError';
        await stage.refused('added', error, async () => (await queue.add('run', { a: 1 }, given)).id);
        await stage.refused('added in bulk', error, async () =>
          (await queue.addBulk([{ name: 'run', data: { a: 1 }, opts: given }])).map(({ id }) => id),
        );
      },
    ]),
  ),

  ...Object.fromEntries(
    Object.entries(workers).map(([what, options]) => [
      `a worker with ${what}`,
      async (stage) => {
        await stage.refused('made', 'ConfigurationError', () => typeof stage.worker(async () => {}, options));
      },
    ]),
  ),

  ...Object.fromEntries(
    Object.entries(queues).map(([what, options]) => [
      `a queue with ${what}`,
      async (stage) => {
        await stage.refused('made', 'ConfigurationError', async () => typeof (await stage.queue('work', options)));
      },
    ]),
  ),

  ...Object.fromEntries(
    ['', 'a:b', 'a b', 'ü', '{a}'].map((name) => [
      `a queue whose name is '${name}'`,
      async (stage) => {
        await stage.refused('made', 'ConfigurationError', async () => (await stage.queue(name)).name);
        await stage.refused(
          'worked on',
          'ConfigurationError',
          () => stage.worker(async () => {}, { queue: name, autorun: false }).name,
        );
      },
    ]),
  ),

  'data that JSON has no place for': async (stage) => {
    const queue = await stage.queue();
    const cycle: Record<string, unknown> = {};
    cycle['self'] = cycle;
    for (const [what, data] of Object.entries({
      bigint: 1n,
      NaN: { a: Number.NaN },
      map: new Map([[1, 2]]),
      function: { f: () => 1 },
      cycle,
      date: new Date(0),
      undefined: { a: undefined, b: [undefined] },
    }))
      await stage.refused(
        what,
        'UnserializableValueError',
        async () => (await queue.getJob((await queue.add('run', data)).id!))!.data,
      );
  },

  'jobs in bulk of which one is wrong': async (stage) => {
    const queue = await stage.queue();
    await stage.refused('answer', 'ConfigurationError', () =>
      queue.addBulk([
        { name: 'run', data: 1 },
        { name: 'run', data: 2, opts: { jobId: '7' } },
      ]),
    );
    await stage.refused('of no parent', 'JobNotFoundError', () =>
      queue.addBulk([
        { name: 'run', data: 1 },
        { name: 'run', data: 2, opts: { parent: { id: 'none', queue: queue.qualifiedName } } },
      ]),
    );
    stage.tell('counts', await queue.getJobCounts());
  },

  'a worker that runs twice, and none that runs': async (stage) => {
    const worker = stage.worker(async () => {});
    await worker.waitUntilReady();
    await stage.refused('twice', 'QueueStateError', () => worker.run());
    await stage.refused('without a function', 'ConfigurationError', () => stage.worker(undefined as never).run());
    await stage.refused('concurrency', 'ConfigurationError', () => {
      worker.concurrency = 0;
    });
    worker.concurrency = 5;
    stage.tell('concurrency', worker.concurrency);
  },

  'a deduplication and a parent': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', {}, { jobId: 'parent' });
    const parent = { id: 'parent', queue: queue.qualifiedName };
    await stage.refused('answer', 'ConfigurationError', () =>
      queue.add('run', {}, { parent, deduplication: { id: 'one' } }),
    );
  },

  'calls with arguments that are wrong': async (stage) => {
    const queue = await stage.queue();
    const job = await queue.add('run', {}, { delay: 3_600_000 });
    await stage.refused('changeDelay of text', 'ConfigurationError', () => job.changeDelay('soon' as never));
    await stage.refused('changeDelay below 0', 'ConfigurationError', () => job.changeDelay(-1));
    await stage.refused('changePriority too high', 'ConfigurationError', () =>
      job.changePriority({ priority: 2 ** 21 }),
    );
    await stage.refused('setGlobalConcurrency of 0', 'ConfigurationError', () => queue.setGlobalConcurrency(0));
    await stage.refused('setGlobalRateLimit of 0', 'ConfigurationError', () => queue.setGlobalRateLimit(0, 0));
    await stage.refused('rateLimit below 0', 'ConfigurationError', () => queue.rateLimit(-1));
    await stage.refused('clean below 0', 'ConfigurationError', () => queue.clean(-1, 0));
    await stage.refused('getDelayedCount of a fraction', 'ConfigurationError', () => queue.getDelayedCount(1.5));
    await stage.refused('getJobs of a wrong state', 'ConfigurationError', () => queue.getJobs([nonsense]));
    await stage.refused('getJobCounts of a wrong state', 'ConfigurationError', () => queue.getJobCounts(nonsense));
  },
};
