import type { DeduplicationOptions } from 'bullmq';
import type { Scripts } from '../stage.js';

const hour = 3_600_000;

const modes: Readonly<Record<string, Omit<DeduplicationOptions, 'id'>>> = {
  'until its job has finished': {},
  'for a time': { ttl: hour },
  'for a time that is extended': { ttl: 5 * hour, extend: true },
  'by replacing': { replace: true },
  'by replacing, for a time': { ttl: hour, replace: true, extend: true },
  'by rescheduling': { reschedule: true },
  'by rescheduling, for a time that is extended': { ttl: 5 * hour, reschedule: true, extend: true },
  'by keeping the last if active': { keepLastIfActive: true },
};

export const deduplicating: Scripts = {
  ...Object.fromEntries(
    Object.entries(modes).flatMap(([what, mode]) => [
      [
        `deduplication ${what}, of jobs that wait`,
        async (stage) => {
          const queue = await stage.queue();
          for (const data of [1, 2, 3])
            stage.tell('add', await queue.add('run', data, { deduplication: { id: 'one', ...mode } }));
          stage.tell('another', await queue.add('run', 4, { deduplication: { id: 'two', ...mode } }));
          stage.tell('holds the place', await queue.getDeduplicationJobId('one'));
          stage.tell('counts', await queue.getJobCounts());
        },
      ],
      [
        `deduplication ${what}, of jobs that are delayed`,
        async (stage) => {
          const queue = await stage.queue();
          for (const hours of [1, 2, 3]) {
            const opts = { delay: hours * hour, deduplication: { id: 'one', ...mode } };
            stage.tell('add', await queue.add('run', hours, opts));
          }
          stage.tell('holds the place', await queue.getDeduplicationJobId('one'));
          stage.tell('counts', await queue.getJobCounts());
        },
      ],
      [
        `deduplication ${what}, of jobs that run`,
        async (stage) => {
          const queue = await stage.queue();
          const add = async (data: number): Promise<void> => {
            const job = await queue.add('run', data, { deduplication: { id: 'one', ...mode } });
            stage.tell('add', [job.id, job.data, job.deduplicationId]);
          };
          await add(1);
          const ran: unknown[] = [];
          await stage.work(
            async ({ id, data }) => {
              ran.push([id, data]);
              if (ran.length > 1) return;
              await add(2);
              await add(3);
            },
            mode.keepLastIfActive ? 2 : 1,
          );
          stage.tell('ran', ran);
          stage.tell('holds the place', await queue.getDeduplicationJobId('one'));
          await add(4);
        },
      ],
    ]),
  ),

  'removing a deduplication': async (stage) => {
    const queue = await stage.queue();
    const deduplication = { id: 'one' };
    const first = await queue.add('run', 1, { deduplication });
    stage.tell('none', await queue.removeDeduplicationKey('other'));
    stage.tell('removed', await queue.removeDeduplicationKey('one'));
    stage.tell('holds the place', await queue.getDeduplicationJobId('one'));
    const second = await queue.add('run', 2, { deduplication });
    stage.tell('of the first', await first.removeDeduplicationKey());
    stage.tell('of the second', await second.removeDeduplicationKey());
    stage.tell('of a job without', await (await queue.add('run', 3)).removeDeduplicationKey());
  },

  'deduplication, when its job is removed': async (stage) => {
    const queue = await stage.queue();
    const job = await queue.add('run', 1, { deduplication: { id: 'one' } });
    await job.remove();
    stage.tell('holds the place', await queue.getDeduplicationJobId('one'));
    stage.tell('again', await queue.add('run', 2, { deduplication: { id: 'one' } }));
  },

  'deduplication, when its job has failed': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 1, { deduplication: { id: 'one' } });
    await queue.add('run', 2, { deduplication: { id: 'two', ttl: hour } });
    await stage.work(async () => {
      throw new Error('broken');
    }, 2);
    stage.tell('again', await queue.add('run', 3, { deduplication: { id: 'one' } }));
    stage.tell('within its time', await queue.add('run', 4, { deduplication: { id: 'two', ttl: hour } }));
  },
};
