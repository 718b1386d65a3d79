import { setImmediate } from 'node:timers/promises';
import type { JobType, Queue } from 'bullmq';
import type { Scripts, Stage } from '../stage.js';

const hour = 3_600_000;
const states: readonly JobType[] = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'waiting-children',
  'completed',
  'failed',
];

/** Of BullMQ 5: the queue's, not a job's. */
const paused = 'paused' as JobType;

/** Two or more jobs in each state. */
async function filled(stage: Stage): Promise<Queue> {
  const queue = await stage.queue();
  for (const data of ['good', 'bad', 'good', 'bad', 'good']) await queue.add(data, data);
  await stage.work(async ({ data }) => {
    if (data === 'bad') throw new Error('broken');
    return data;
  }, 5);
  for (const data of [1, 2]) await queue.add('active', data);
  stage.worker(async () => new Promise(() => {}), { concurrency: 2 });
  await stage.heard('active', '6');
  await stage.heard('active', '7');
  for (const data of ['a', 'b', 'c', 'd']) await queue.add('waiting', data);
  await queue.add('waiting', 'first', { lifo: true });
  for (const priority of [3, 1, 2, 1]) await queue.add('prioritized', {}, { priority });
  for (const hours of [3, 1, 2]) await queue.add('delayed', {}, { delay: hours * hour });
  for (const jobId of ['parent', 'another-parent'])
    await stage.flows().add({
      queueName: 'work',
      name: 'parent',
      opts: { jobId },
      children: [{ queueName: 'kids', name: 'kid', opts: { jobId: `kid-of-${jobId}` } }],
    });
  return queue;
}

const ids = (jobs: readonly { readonly id?: string | undefined }[]): unknown => jobs.map(({ id }) => id);

export const listing: Scripts = {
  'jobs by state, their paging and order': async (stage) => {
    const queue = await filled(stage);
    for (const state of states) {
      stage.tell(state, ids(await queue.getJobs(state)));
      stage.tell(`${state}, ascending`, ids(await queue.getJobs([state], 0, -1, true)));
      for (const [start, end] of [
        [0, 0],
        [1, 2],
        [1, -2],
        [-2, -1],
        [5, 9],
        [2, 1],
      ] as const) {
        stage.tell(`${state} ${start} to ${end}`, ids(await queue.getJobs([state], start, end)));
        stage.tell(`${state} ${start} to ${end}, ascending`, ids(await queue.getJobs([state], start, end, true)));
      }
    }
  },

  'jobs of several states': async (stage) => {
    const queue = await filled(stage);
    stage.tell('all', ids(await queue.getJobs()));
    stage.tell('all, ascending', ids(await queue.getJobs([], 0, -1, true)));
    stage.tell('two', ids(await queue.getJobs(['failed', 'waiting', 'failed'], 0, 1)));
    stage.tell('two, ascending', ids(await queue.getJobs(['delayed', 'completed'], 1, 2, true)));
    stage.tell('by another name', ids(await queue.getJobs(['wait', 'waiting'])));
    await stage.refused('of no state', 'ConfigurationError', async () => ids(await queue.getJobs([paused])));
  },

  'the getter of each state': async (stage) => {
    const queue = await filled(stage);
    stage.tell('waiting', ids(await queue.getWaiting()));
    stage.tell('waiting 1 to 2', ids(await queue.getWaiting(1, 2)));
    stage.tell('prioritized', ids(await queue.getPrioritized()));
    stage.tell('prioritized 0 to 1', ids(await queue.getPrioritized(0, 1)));
    stage.tell('delayed', ids(await queue.getDelayed()));
    stage.tell('delayed 1 to 1', ids(await queue.getDelayed(1, 1)));
    stage.tell('active', ids(await queue.getActive()));
    stage.tell('active 1 to 1', ids(await queue.getActive(1, 1)));
    stage.tell('waiting-children', ids(await queue.getWaitingChildren()));
    stage.tell('completed', ids(await queue.getCompleted()));
    stage.tell('completed 0 to 0', ids(await queue.getCompleted(0, 0)));
    stage.tell('failed', ids(await queue.getFailed()));
    stage.tell('failed 1 to 9', ids(await queue.getFailed(1, 9)));
  },

  'a job of each state, whole': async (stage) => {
    const queue = await filled(stage);
    for (const state of states) stage.tell(state, await queue.getJobs([state], 0, 0));
  },

  counts: async (stage) => {
    const queue = await filled(stage);
    stage.tell('all', await queue.getJobCounts());
    stage.tell('some', await queue.getJobCounts('failed', 'waiting', 'wait'));
    stage.tell('by types', await queue.getJobCountByTypes('completed', 'failed', 'delayed'));
    stage.tell('count', await queue.count());
    stage.tell('each', [
      await queue.getWaitingCount(),
      await queue.getPrioritizedCount(),
      await queue.getDelayedCount(),
      await queue.getActiveCount(),
      await queue.getWaitingChildrenCount(),
      await queue.getCompletedCount(),
      await queue.getFailedCount(),
    ]);
    stage.tell('delayed until', await queue.getDelayedCount(Date.now() + 2.5 * hour));
    stage.tell('per priority', await queue.getCountsPerPriority([1, 0, 2, 3, 1, 9]));
    await queue.pause();
    await stage.refused('paused', 'ConfigurationError', () => queue.getJobCounts(paused, 'waiting'));
    stage.tell('per priority, paused', await queue.getCountsPerPriority([0]));
    stage.tell('prometheus', await queue.exportPrometheusMetrics());
    stage.tell('prometheus, with labels', await queue.exportPrometheusMetrics({ env: 'te"s\\t\n', zone: 'b' }));
  },

  'counts of a queue that is empty': async (stage) => {
    const queue = await stage.queue();
    stage.tell('all', await queue.getJobCounts());
    stage.tell('count', await queue.count());
    stage.tell('jobs', await queue.getJobs());
    stage.tell('per priority', await queue.getCountsPerPriority([]));
    stage.tell('job', await queue.getJob('none'));
    stage.tell('state', await queue.getJobState('none'));
    stage.tell('logs', await queue.getJobLogs('none'));
    stage.tell('metrics', await queue.getMetrics('completed'));
    stage.tell('workers', await queue.getWorkersCount());
  },

  'the states of jobs, asked for': async (stage) => {
    const queue = await filled(stage);
    for (const state of states) {
      const [job] = await queue.getJobs([state], 0, 0);
      const is = [
        await job!.isWaiting(),
        await job!.isDelayed(),
        await job!.isActive(),
        await job!.isWaitingChildren(),
        await job!.isCompleted(),
        await job!.isFailed(),
      ];
      stage.tell(state, [await job!.getState(), await queue.getJobState(job!.id!), is]);
    }
  },

  'who works on a queue': async (stage) => {
    const queue = await stage.queue();
    stage.worker(async () => {}, { name: 'ann' });
    do await setImmediate();
    while ((await queue.getWorkersCount()) < 1);
    const workers = await queue.getWorkers();
    stage.tell(
      'workers',
      workers.map(({ name }) => name),
    );
    stage.tell(
      'their names',
      workers.map(({ rawname }) => rawname),
    );
    stage.tell('count', await queue.getWorkersCount());
    await stage.queueEvents().waitUntilReady();
    stage.tell(
      'events',
      (await queue.getQueueEvents()).map(({ name }) => name),
    );
  },
};
