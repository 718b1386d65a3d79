import type { Job, JobsOptions } from 'bullmq';
import type { Scripts, Stage } from '../stage.js';

const hour = 3_600_000;

/** A job of each state: how it gets there. */
const places: Readonly<Record<string, (stage: Stage) => Promise<Job>>> = {
  waiting: (stage) => added(stage, {}),
  prioritized: (stage) => added(stage, { priority: 3 }),
  delayed: (stage) => added(stage, { delay: hour, priority: 2 }),
  completed: (stage) => worked(stage, 'good'),
  failed: (stage) => worked(stage, 'bad'),
  active: async (stage) => {
    const job = await added(stage, {});
    stage.worker(async () => new Promise(() => {}));
    await stage.heard('active');
    return job;
  },
  'waiting-children': async (stage) => {
    await stage.queue();
    await stage.queue('kids');
    const { job } = await stage.flows().add({
      queueName: 'work',
      name: 'parent',
      opts: { jobId: 'parent' },
      children: [{ queueName: 'kids', name: 'kid', opts: { jobId: 'kid' } }],
    });
    return job;
  },
  removed: async (stage) => {
    const job = await added(stage, {});
    await job.remove();
    return job;
  },
};

/** Calls on a job, and the class by which ours refuse them where they are refused. */
const calls: Readonly<Record<string, (job: Job) => unknown>> = {
  'updateData()': (job) => job.updateData({ new: 'data' }),
  'updateProgress()': (job) => job.updateProgress({ done: 1 }),
  'log()': (job) => job.log('row'),
  'clearLogs()': (job) => job.clearLogs(),
  'promote()': (job) => job.promote(),
  'changeDelay()': (job) => job.changeDelay(2 * hour),
  'changePriority()': (job) => job.changePriority({ priority: 5 }),
  'changePriority() to none': (job) => job.changePriority({ priority: 0 }),
  'changePriority() and lifo': (job) => job.changePriority({ priority: 5, lifo: true }),
  'retry()': (job) => job.retry(),
  'retry() of a completed one': (job) => job.retry('completed'),
  'retry() with its counters reset': (job) =>
    job.retry('failed', { resetAttemptsMade: true, resetAttemptsStarted: true }),
  'remove()': (job) => job.remove(),
  'moveToDelayed()': (job) => job.moveToDelayed(Date.now() + hour, 'not its token'),
  'moveToWaitingChildren()': (job) => job.moveToWaitingChildren('not its token'),
  'removeChildDependency()': (job) => job.removeChildDependency(),
  'removeUnprocessedChildren()': (job) => job.removeUnprocessedChildren(),
  'getChildrenValues()': (job) => job.getChildrenValues(),
  'getIgnoredChildrenFailures()': (job) => job.getIgnoredChildrenFailures(),
  'getDependencies()': (job) => job.getDependencies(),
  'getDependenciesCount()': (job) => job.getDependenciesCount(),
  'getState()': (job) => job.getState(),
};

/** By which class ours refuse a call on a job in a state. */
function refusal(call: string, place: string): string {
  if (call.startsWith('moveTo')) return 'LeaseLostError';
  return place === 'removed' ? 'JobNotFoundError' : 'JobStateError';
}

async function added(stage: Stage, opts: JobsOptions): Promise<Job> {
  const queue = await stage.queue();
  const job = await queue.add('run', { a: 1 }, opts);
  await queue.add('run', 'another', { priority: 3 });
  return job;
}

async function worked(stage: Stage, data: string): Promise<Job> {
  const queue = await stage.queue();
  const { id } = await queue.add('run', data);
  await stage.work(async () => {
    if (data === 'bad') throw new Error('broken');
    return 'result';
  }, 1);
  return (await queue.getJob(id!))!;
}

export const jobCalls: Scripts = {
  ...Object.fromEntries(
    Object.entries(calls).flatMap(([call, make]) =>
      Object.entries(places).map(([place, get]) => [
        `${call} of a ${place} job`,
        async (stage) => {
          const job = await get(stage);
          await stage.refused('answer', refusal(call, place), () => make(job));
          stage.tell('the job', job);
          stage.tell('found', await (await stage.queue()).getJob(job.id!));
        },
      ]),
    ),
  ),

  'retry() puts a job back with its options': async (stage) => {
    const queue = await stage.queue();
    for (const opts of [{ lifo: true }, { priority: 2 }, { delay: 1 }, { attempts: 2 }])
      await queue.add('run', {}, opts);
    await stage.work(async () => {
      throw new Error('broken');
    }, 4);
    for (const id of ['1', '2', '3', '4']) {
      const job = (await queue.getJob(id))!;
      await job.retry();
      stage.tell('job', job);
    }
    stage.tell(
      'waiting',
      (await queue.getWaiting()).map(({ id }) => id),
    );
    stage.tell(
      'prioritized',
      (await queue.getPrioritized()).map(({ id }) => id),
    );
  },

  'logs of a job, and how many it keeps': async (stage) => {
    const queue = await stage.queue();
    const job = await queue.add('run', {}, { keepLogs: 3 });
    for (const row of ['a', 'b', 'c', 'd']) stage.tell('count', await job.log(row));
    stage.tell('kept', await queue.getJobLogs(job.id!));
    await job.clearLogs(1);
    stage.tell('one left', await queue.getJobLogs(job.id!));
    await job.clearLogs();
    stage.tell('none left', await queue.getJobLogs(job.id!));
  },

  'updateData() of every kind': async (stage) => {
    const queue = await stage.queue();
    const job = await queue.add('run', 'first');
    for (const data of [{}, [], '', 0, null, { a: { b: 1 } }]) {
      await job.updateData(data);
      stage.tell('the job', job.data);
      stage.tell('found', (await queue.getJob(job.id!))!.data);
    }
  },

  'changeDelay() to now, and to an earlier one': async (stage) => {
    const queue = await stage.queue();
    const jobs = [];
    for (const hours of [3, 4, 5]) jobs.push(await queue.add('run', hours, { delay: hours * hour }));
    await jobs[2]!.changeDelay(hour);
    stage.tell(
      'order',
      (await queue.getDelayed()).map(({ id }) => id),
    );
    await jobs[1]!.changeDelay(0);
    stage.tell(
      'order',
      (await queue.getDelayed()).map(({ id }) => id),
    );
    stage.tell('jobs', jobs);
  },

  'toJSON() and asJSON()': async (stage) => {
    const job = await places['failed']!(stage);
    const { id, name, data, attemptsMade, failedReason } = job.toJSON();
    stage.tell('toJSON', [id, name, data, attemptsMade, failedReason]);
    const text = Object.keys(JSON.parse(JSON.stringify(job)));
    stage.tell('as text', text.toSorted());
    await stage.ask('asJSON', () => Object.keys(job.asJSON()).toSorted());
  },

  'waitUntilFinished()': async (stage) => {
    const queue = await stage.queue();
    const events = stage.queueEvents();
    await events.waitUntilReady();
    const jobs: Job[] = [];
    for (const data of ['good', 'bad', 'none']) jobs.push(await queue.add('run', data));
    const ended = jobs.map((job) => job.waitUntilFinished(events).catch((error: Error) => `failed: ${error.message}`));
    await stage.work(async ({ data }) => {
      if (data === 'bad') throw new Error('broken');
      return data === 'none' ? undefined : { result: data };
    }, 3);
    stage.tell('ended', await Promise.all(ended));
    stage.tell('when it has ended', await jobs[0]!.waitUntilFinished(events));
    await stage.refused('when it has failed', 'JobFailedError', () => jobs[1]!.waitUntilFinished(events));
    const late = await queue.add('run', 'late');
    await stage.refused('too late', 'WaitTimeoutError', () => late.waitUntilFinished(events, 20));
    const gone = await queue.add('run', 'gone');
    await gone.remove();
    await stage.refused('when it is gone', 'JobNotFoundError', () => gone.waitUntilFinished(events));
  },
};
