import type { Queue } from 'bullmq';
import type { Scripts, Stage } from '../stage.js';

const hour = 3_600_000;

/** Jobs in each state but active. */
async function filled(stage: Stage): Promise<Queue> {
  const queue = await stage.queue();
  for (const data of ['good', 'bad', 'good', 'bad', 'good']) await queue.add(data, data);
  await stage.work(async ({ data, log }) => {
    if (data === 'bad') throw new Error('broken');
    return typeof log;
  }, 5);
  for (const jobId of ['a', 'b', 'c']) await queue.add('waiting', {}, { jobId });
  for (const priority of [2, 1]) await queue.add('prioritized', {}, { jobId: `p${priority}`, priority });
  for (const hours of [2, 1]) await queue.add('delayed', {}, { jobId: `d${hours}`, delay: hours * hour });
  await stage.flows().add({
    queueName: 'work',
    name: 'parent',
    opts: { jobId: 'parent' },
    children: [{ queueName: 'kids', name: 'kid', opts: { jobId: 'kid' } }],
  });
  return queue;
}

export const administering: Scripts = {
  'drain()': async (stage) => {
    const queue = await filled(stage);
    stage.tell('answer', await queue.drain());
    stage.tell('counts', await queue.getJobCounts());
  },

  'drain() of delayed jobs, too': async (stage) => {
    const queue = await filled(stage);
    await queue.upsertJobScheduler('daily', { pattern: '0 0 1 1 *' });
    await queue.drain(true);
    stage.tell('counts', await queue.getJobCounts());
  },

  'drain() of children and parents': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    const tree = (jobId: string, queueName: string, kid: string): Parameters<ReturnType<Stage['flows']>['add']>[0] => ({
      queueName: 'work',
      name: 'parent',
      opts: { jobId },
      children: [{ queueName, name: 'kid', opts: { jobId: kid } }],
    });
    await stage.flows().addBulk([tree('one', 'kids', 'kid-1'), tree('two', 'work', 'kid-2')]);
    await kids.drain();
    stage.tell('of another queue', await queue.getJobCounts());
    await queue.drain();
    stage.tell('of the same', await queue.getJobCounts());
  },

  ...Object.fromEntries(
    (['completed', 'wait', 'prioritized', 'delayed', 'failed', 'active', 'waiting'] as const).flatMap((state) => [
      [
        `clean() of ${state} jobs`,
        async (stage) => {
          const queue = await filled(stage);
          const told: unknown[] = [];
          queue.on('cleaned', (jobs, type) => told.push([jobs, type]));
          stage.tell('young ones', await queue.clean(hour, 10, state));
          stage.tell('one', await queue.clean(0, 1, state));
          stage.tell('the others', await queue.clean(0, 0, state));
          stage.tell('told', told);
          stage.tell('counts', await queue.getJobCounts());
        },
      ],
    ]),
  ),

  'clean() of a job that another waits for': async (stage) => {
    const queue = await filled(stage);
    const kids = await stage.queue('kids');
    stage.tell('cleaned', await kids.clean(0, 0, 'wait'));
    stage.tell('counts', await queue.getJobCounts());
  },

  'clean() of nothing': async (stage) => {
    const queue = await stage.queue();
    stage.tell('answer', await queue.clean(0, 0));
    await stage.refused('no such state', 'ConfigurationError', () => queue.clean(0, 0, 'nonsense' as 'failed'));
    await stage.refused('paused', 'ConfigurationError', () => queue.clean(0, 0, 'paused'));
  },

  'obliterate()': async (stage) => {
    const queue = await filled(stage);
    await queue.upsertJobScheduler('daily', { pattern: '0 0 1 1 *' });
    await queue.add('run', {}, { deduplication: { id: 'one' } });
    await queue.setGlobalConcurrency(3);
    await queue.addJobLog('1', 'row');
    stage.tell('answer', await queue.obliterate());
    stage.tell('counts', await queue.getJobCounts());
    stage.tell('added again', await queue.add('run', {}));
  },

  'obliterate() while a job is active': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 1);
    stage.worker(async () => new Promise(() => {}));
    await stage.heard('active');
    await queue.add('run', 2);
    await stage.refused('refused', 'QueueStateError', () => queue.obliterate());
    stage.tell('paused', await queue.isPaused());
    stage.tell('counts', await queue.getJobCounts());
    await queue.obliterate({ force: true, count: 1 });
    stage.tell('by force', await queue.getJobCounts());
  },

  'retryJobs()': async (stage) => {
    const queue = await filled(stage);
    await queue.retryJobs({ timestamp: Date.now() - hour });
    stage.tell('none that old', await queue.getJobCounts());
    await queue.retryJobs({ count: 1 });
    stage.tell('failed ones', await queue.getJobCounts());
    await queue.retryJobs({ state: 'completed' });
    stage.tell('completed ones', await queue.getJobCounts());
    stage.tell('first', await queue.getJob('1'));
    stage.tell('second', await queue.getJob('2'));
  },

  'promoteJobs()': async (stage) => {
    const queue = await filled(stage);
    await queue.add('run', {}, { delay: hour, priority: 5 });
    stage.tell('answer', await queue.promoteJobs({ count: 1 }));
    stage.tell('counts', await queue.getJobCounts());
    stage.tell('one', await queue.getJob('d2'));
  },

  ...Object.fromEntries(
    (['1', '2', 'a', 'p1', 'd1', 'parent', 'none'] as const).map((id) => [
      `remove() of job ${id}`,
      async (stage) => {
        const queue = await filled(stage);
        const told: unknown[] = [];
        queue.on('removed', (job) => told.push(job));
        await queue.addJobLog('1', 'row');
        stage.tell('answer', await queue.remove(id));
        stage.tell('found', await queue.getJob(id));
        stage.tell('told', told);
        stage.tell('counts', await queue.getJobCounts());
      },
    ]),
  ),

  'remove() without its children': async (stage) => {
    const queue = await filled(stage);
    stage.tell('answer', await queue.remove('parent', { removeChildren: false }));
    stage.tell('child', await (await stage.queue('kids')).getJob('kid'));
  },

  'remove() of a child': async (stage) => {
    const queue = await filled(stage);
    stage.tell('answer', await (await stage.queue('kids')).remove('kid'));
    stage.tell('parent', await queue.getJobState('parent'));
  },

  'remove() of an active job': async (stage) => {
    const queue = await stage.queue();
    const job = await queue.add('run', 1);
    stage.worker(async () => new Promise(() => {}));
    await stage.heard('active');
    stage.tell('queue', await queue.remove('1'));
    await stage.refused('job', 'JobStateError', () => job.remove());
  },
};
