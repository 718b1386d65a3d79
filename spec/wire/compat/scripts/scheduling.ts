import type { RepeatOptions } from 'bullmq';
import type { Scripts } from '../stage.js';

const hour = 3_600_000;
/** Long enough that its next multiple is the same for both, whenever this runs. */
const aDecade = 315_360_000_000;

const repeats: Readonly<Record<string, Omit<RepeatOptions, 'key'>>> = {
  every: { every: aDecade },
  'every, with an offset': { every: aDecade, offset: hour },
  'every, from a start date on': { every: aDecade, startDate: new Date('2050-01-01T00:00:00Z') },
  'a pattern': { pattern: '0 0 1 1 *' },
  'a pattern of six fields': { pattern: '30 0 0 1 1 *' },
  'a pattern in a time zone': { pattern: '0 12 1 1 *', tz: 'Asia/Tokyo' },
  'a pattern from a start date on': { pattern: '0 0 1 1 *', startDate: '2050-06-01T00:00:00Z' },
  'a pattern up to an end date': { pattern: '0 0 1 1 *', endDate: Date.UTC(2060, 0, 1) },
  'a pattern, immediately': { pattern: '0 0 1 1 *', immediately: true },
  'a limit': { pattern: '0 0 1 1 *', limit: 3 },
  'a limit of every': { every: aDecade, limit: 2 },
};

export const scheduling: Scripts = {
  ...Object.fromEntries(
    Object.entries(repeats).map(([what, repeat]) => [
      `a job scheduler by ${what}`,
      async (stage) => {
        const queue = await stage.queue();
        stage.tell('answer', await queue.upsertJobScheduler('one', repeat));
        stage.tell('found', await queue.getJobScheduler('one'));
        stage.tell('counts', await queue.getJobCounts());
      },
    ]),
  ),

  "a job scheduler's template": async (stage) => {
    const queue = await stage.queue('work', { defaultJobOptions: { removeOnComplete: true } });
    const opts = { attempts: 3, priority: 4, backoff: 10 };
    const template = { name: 'run', data: { a: 1 }, opts };
    stage.tell('answer', await queue.upsertJobScheduler('one', { pattern: '0 0 1 1 *' }, template));
    stage.tell('found', await queue.getJobScheduler('one'));
  },

  'a job scheduler that is changed': async (stage) => {
    const queue = await stage.queue();
    await queue.upsertJobScheduler('one', { pattern: '0 0 1 1 *' }, { name: 'first', data: 1 });
    await queue.upsertJobScheduler('one', { pattern: '0 0 1 1 *' }, { name: 'second', data: 2 });
    stage.tell('of the same pattern', await queue.getDelayed());
    await queue.upsertJobScheduler('one', { pattern: '0 0 2 1 *', limit: 5 }, { name: 'third', data: 3 });
    stage.tell('of another', await queue.getDelayed());
    await queue.upsertJobScheduler('one', { every: aDecade }, { name: 'fourth', data: 4 });
    stage.tell('every', await queue.getJobScheduler('one'));
    stage.tell('counts', await queue.getJobCounts());
  },

  'job schedulers, listed and removed': async (stage) => {
    const queue = await stage.queue();
    stage.tell('none', await queue.getJobSchedulers());
    stage.tell('no such', await queue.getJobScheduler('none'));
    const days = [3, 1, 2];
    for (const day of days) await queue.upsertJobScheduler(`day-${day}`, { pattern: `0 0 ${day} 1 *` });
    const keys = async (...range: [number?, number?, boolean?]): Promise<unknown> =>
      (await queue.getJobSchedulers(...range)).map(({ key }) => key);
    stage.tell('all', await keys());
    stage.tell('ascending', await keys(0, -1, true));
    stage.tell('some', await keys(1, 2, true));
    stage.tell('the last', await keys(0, 0));
    stage.tell('count', await queue.getJobSchedulersCount());
    stage.tell('removed', await queue.removeJobScheduler('day-1'));
    stage.tell('removed again', await queue.removeJobScheduler('day-1'));
    stage.tell('count', await queue.getJobSchedulersCount());
    stage.tell('jobs', (await queue.getDelayed()).length);
  },

  'the next job of a job scheduler, touched': async (stage) => {
    const queue = await stage.queue();
    const job = await queue.upsertJobScheduler('one', { pattern: '0 0 1 1 *' });
    await stage.refused('removed', 'JobStateError', () => queue.remove(job.id!));
    await stage.refused('removed by itself', 'JobStateError', () => job.remove());
    stage.tell('cleaned', await queue.clean(0, 0, 'delayed'));
    stage.tell('counts', await queue.getJobCounts());
  },

  'the jobs of a job scheduler, as they run': async (stage) => {
    const queue = await stage.queue();
    await queue.upsertJobScheduler('one', { pattern: '0 0 1 1 *', limit: 2 }, { name: 'run', data: 1 });
    await queue.promoteJobs();
    const ran: unknown[] = [];
    await stage.work(async ({ name, data, repeatJobKey, opts }) => {
      ran.push([name, data, repeatJobKey, opts]);
    }, 1);
    stage.tell('ran', ran);
    stage.tell('next', await queue.getDelayed());
    stage.tell('found', await queue.getJobScheduler('one'));
  },

  'a job scheduler that ends': async (stage) => {
    const queue = await stage.queue();
    await queue.upsertJobScheduler('one', { pattern: '0 0 1 1 *', limit: 1 });
    await queue.promoteJobs();
    await stage.work(async () => {}, 1);
    stage.tell('found', await queue.getJobScheduler('one'));
    stage.tell('counts', await queue.getJobCounts());
  },

  'a job scheduler by every, at once': async (stage) => {
    const queue = await stage.queue();
    await queue.upsertJobScheduler('one', { every: 40 * hour }, { data: 'hi' });
    const ran: unknown[] = [];
    await stage.work(async ({ id, data }) => ran.push([id, data]), 1);
    stage.tell('ran', ran);
    stage.tell('next', await queue.getDelayed());
  },

  'job schedulers that are refused': async (stage) => {
    const queue = await stage.queue();
    const refused: Readonly<Record<string, Omit<RepeatOptions, 'key'>>> = {
      neither: {},
      both: { every: 1_000, pattern: '* * * * *' },
      'not a pattern': { pattern: 'nonsense' },
      'no such time zone': { pattern: '0 0 1 1 *', tz: 'Moon/Sea' },
      'at once and from a date on': { pattern: '0 0 1 1 *', immediately: true, startDate: Date.now() },
      'ended already': { every: 1_000, endDate: Date.now() - hour },
      'a limit of 0': { every: 1_000, limit: 0 },
      'a negative every': { every: -1 },
      'a pattern that never fires': { pattern: '0 0 30 2 *' },
    };
    for (const [what, repeat] of Object.entries(refused))
      await stage.refused(what, 'ConfigurationError', () => queue.upsertJobScheduler('one', repeat));
    stage.tell('count', await queue.getJobSchedulersCount());
  },
};
