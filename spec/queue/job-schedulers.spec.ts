import { Queue, memoryEngine, type JobTemplate, type RepeatOptions } from 'stepstream';
import { ManualClock } from '../support/manual-clock.js';

const hour = 3_600_000;
const clock = new ManualClock(Date.UTC(2027, 0, 1));
const queue = new Queue('reports', { connection: memoryEngine({ clock }), defaultJobOptions: { attempts: 2 } });
afterAll(() => queue.close());

describe('queue.upsertJobScheduler', () => {
  it('answers the next job, and lists the scheduler', async () => {
    const repeat = { pattern: '0 3 * * *', tz: 'Europe/Vienna', endDate: new Date(Date.UTC(2028, 0, 1)) };
    const template = { name: 'report', data: { kind: 'daily' }, opts: { priority: 3 } };
    const job = await queue.upsertJobScheduler('nightly', repeat, template);
    expect(job).toMatchObject({
      name: 'report',
      data: { kind: 'daily' },
      repeatJobKey: 'nightly',
      opts: { attempts: 2, priority: 3 },
      delay: 2 * hour,
    });
    await expect(queue.getJobScheduler('nightly')).resolves.toMatchObject({
      key: 'nightly',
      name: 'report',
      pattern: '0 3 * * *',
      tz: 'Europe/Vienna',
      endDate: Date.UTC(2028, 0, 1),
      next: Date.UTC(2027, 0, 1, 2),
      iterationCount: 1,
      template: { data: { kind: 'daily' } },
    });
    await queue.upsertJobScheduler('often', { every: 1_000 });
    await expect(queue.getJobSchedulersCount()).resolves.toBe(2);
    await expect(queue.getJobSchedulers(0, -1, true)).resolves.toMatchObject([{ key: 'often' }, { key: 'nightly' }]);
    await expect(queue.removeJobScheduler('often')).resolves.toBe(true);
    await expect(queue.removeJobScheduler('often')).resolves.toBe(false);
  });

  it.each<[string, RepeatOptions, string, JobTemplate]>([
    ['neither a pattern nor an interval', {}, 'it needs a pattern or every', {}],
    ['both', { pattern: '* * * * *', every: 1 }, 'exclude each other', {}],
    ['a pattern that is wrong', { pattern: '61 * * * *' }, `can't be read`, {}],
    ['a pattern that is never met', { pattern: '0 0 30 2 *' }, `the pattern "0 0 30 2 *"`, {}],
    ['a time zone that there is not', { pattern: '* * * * *', tz: 'Middle/Earth' }, 'tz must be a time zone', {}],
    ['an end that is over', { pattern: '* * * * *', endDate: 1 }, 'never met', {}],
    ['a date that is none', { every: 1, startDate: 'tomorrow' }, 'startDate must be', {}],
    ['an interval that is none', { every: 0 }, 'every must be', {}],
    ['a first job now that is to come later', { pattern: '* * * * *', immediately: true, startDate: 1 }, 'exclude', {}],
    ['an option that there is not', { cron: '* * * * *' } as never, 'there is no option "cron"', {}],
    ['an id for its jobs', { every: 1 }, 'jobId is for the scheduler', { opts: { jobId: 'a' } as never }],
    ['options of jobs that are wrong', { every: 1 }, 'attempts must be', { opts: { attempts: -1 } }],
  ])('refuses %s, and sets up nothing', async (_what, repeat, message, template) => {
    const before = await queue.getJobSchedulersCount();
    await expect(queue.upsertJobScheduler('wrong', repeat, template)).rejects.toMatchObject({
      code: 'CONFIGURATION',
      message: expect.stringContaining(message),
    });
    await expect(queue.getJobSchedulersCount()).resolves.toBe(before);
  });
});
