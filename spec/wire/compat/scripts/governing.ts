import type { Scripts } from '../stage.js';

const hour = 3_600_000;

export const governing: Scripts = {
  'pause() and resume()': async (stage) => {
    const queue = await stage.queue();
    stage.tell('at first', await queue.isPaused());
    const pauses: string[] = [];
    queue.on('paused', () => pauses.push('paused'));
    queue.on('resumed', () => pauses.push('resumed'));
    await queue.add('run', 1);
    stage.tell('pause', await queue.pause());
    stage.tell('paused', await queue.isPaused());
    await queue.pause();
    await queue.add('run', 2);
    stage.tell('resume', await queue.resume());
    stage.tell('resumed', await queue.isPaused());
    await queue.resume();
    stage.tell('told', pauses);
  },

  'concurrency of a queue': async (stage) => {
    const queue = await stage.queue();
    stage.tell('none', await queue.getGlobalConcurrency());
    stage.tell('maxed', await queue.isMaxed());
    await queue.setGlobalConcurrency(1);
    stage.tell('one', await queue.getGlobalConcurrency());
    for (const data of [1, 2]) await queue.add('run', data);
    const worker = stage.worker(async () => new Promise(() => {}), { concurrency: 2 });
    await worker.waitUntilReady();
    await stage.heard('active');
    stage.tell('maxed', await queue.isMaxed());
    stage.tell('counts', await queue.getJobCounts());
  },

  'concurrency of a queue, removed': async (stage) => {
    const queue = await stage.queue();
    await queue.setGlobalConcurrency(3);
    stage.tell('answer', await queue.getGlobalConcurrency());
    await queue.removeGlobalConcurrency();
    stage.tell('none again', await queue.getGlobalConcurrency());
    stage.tell('maxed', await queue.isMaxed());
    stage.tell(
      'meta',
      Object.keys(await queue.getMeta())
        .filter((field) => field !== 'version')
        .toSorted(),
    );
  },

  'rate limit of a queue': async (stage) => {
    const queue = await stage.queue();
    stage.tell('none', await queue.getGlobalRateLimit());
    await queue.setGlobalRateLimit(2, hour);
    stage.tell('set', await queue.getGlobalRateLimit());
    stage.tell('meta', Object.keys(await queue.getMeta()).toSorted());
    for (const data of [1, 2, 3]) await queue.add('run', data);
    await stage.work(async () => {}, 2);
    stage.tell('left', await queue.getJobCounts('waiting', 'completed'));
    const hours = Math.round((await queue.getRateLimitTtl(2)) / hour);
    stage.tell('hours', hours);
    stage.tell('below it', await queue.getRateLimitTtl(3));
    await queue.removeGlobalRateLimit();
    stage.tell('none again', await queue.getGlobalRateLimit());
    stage.tell('removed', await queue.removeRateLimitKey());
    stage.tell('removed again', await queue.removeRateLimitKey());
  },

  'rateLimit()': async (stage) => {
    const queue = await stage.queue();
    stage.tell('none', await queue.getRateLimitTtl());
    stage.tell('answer', await queue.rateLimit(hour));
    stage.tell('hours', Math.round((await queue.getRateLimitTtl()) / hour));
    stage.tell('hours at 5', Math.round((await queue.getRateLimitTtl(5)) / hour));
  },

  metrics: async (stage) => {
    const queue = await stage.queue();
    for (const data of [1, 2, 3]) await queue.add('run', data);
    await stage.work(
      async ({ data }) => {
        if (data === 2) throw new Error('broken');
      },
      3,
      { metrics: { maxDataPoints: 10 } },
    );
    for (const state of ['completed', 'failed'] as const) {
      const { meta, data, count } = await queue.getMetrics(state);
      stage.tell(state, [meta.count, data, count]);
      stage.tell(`part of ${state}`, (await queue.getMetrics(state, 0, 0)).data);
      stage.tell('prometheus', await queue.exportPrometheusMetrics());
    }
  },

  'trimEvents()': async (stage) => {
    const queue = await stage.queue();
    for (const data of [1, 2, 3]) await queue.add('run', data);
    stage.tell('to 2', await queue.trimEvents(2));
    stage.tell('to none', await queue.trimEvents(0));
  },

  'logs of a queue': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 1);
    for (const row of ['a', 'b', 'c', 'd']) stage.tell('row', await queue.addJobLog('1', row));
    stage.tell('all', await queue.getJobLogs('1'));
    stage.tell('some', await queue.getJobLogs('1', 1, 2));
    stage.tell('some, the last first', await queue.getJobLogs('1', 0, 1, false));
    stage.tell('keeping two', await queue.addJobLog('1', 'e', 2));
    stage.tell('two', await queue.getJobLogs('1'));
    await stage.refused('of no job', 'JobNotFoundError', () => queue.addJobLog('none', 'row'));
  },

  'updateJobProgress()': async (stage) => {
    const queue = await stage.queue();
    const told: unknown[] = [];
    queue.on('progress', (id, progress) => told.push([id, progress]));
    await queue.add('run', 1);
    for (const progress of [50, 0, 'half', { done: 1 }, true]) {
      stage.tell('answer', await queue.updateJobProgress('1', progress));
      stage.tell('found', (await queue.getJob('1'))!.progress);
    }
    stage.tell('told', told);
    await stage.refused('of no job', 'JobNotFoundError', () => queue.updateJobProgress('none', 1));
  },
};
