import type { QueueEvents } from 'bullmq';
import type { Scripts, Stage } from '../stage.js';

const names = [
  'added',
  'waiting',
  'active',
  'progress',
  'completed',
  'failed',
  'delayed',
  'waiting-children',
  'retries-exhausted',
  'duplicated',
  'deduplicated',
  'stalled',
  'removed',
  'cleaned',
  'drained',
  'paused',
  'resumed',
] as const;

/** All that is told, up to the first event that is asked for. */
function hearing(stage: Stage, events: QueueEvents, last: string): Promise<void> {
  return new Promise((resolve) => {
    for (const name of names)
      events.on(name as 'added', (args: unknown) => {
        stage.tell(name, name === 'drained' ? [] : args);
        if (name === last) resolve();
      });
  });
}

export const listening: Scripts = {
  "the events of jobs' lives": async (stage) => {
    const queue = await stage.queue();
    const over = hearing(stage, stage.queueEvents('work', { lastEventId: '0-0' }), 'resumed');
    await queue.add('run', 'good', { jobId: 'good' });
    await queue.add('run', 'good', { jobId: 'good' });
    await queue.add('run', 'bad', { jobId: 'bad', attempts: 2, priority: 2 });
    await queue.add('run', 'late', { jobId: 'late', delay: 3_600_000 });
    await (await queue.getJob('late'))!.promote();
    for (const _ of [1, 2]) await queue.add('run', 'one', { jobId: 'one', deduplication: { id: 'one' } });
    await stage.work(async (job) => {
      await job.updateProgress({ at: job.data });
      if (job.data === 'bad') throw new Error('broken');
      return { result: job.data };
    }, 4);
    await queue.remove('good');
    await queue.clean(0, 0, 'failed');
    await queue.pause();
    await queue.resume();
    await over;
  },

  'the events of a parent': async (stage) => {
    await stage.queue();
    const over = hearing(stage, stage.queueEvents('work', { lastEventId: '0-0' }), 'completed');
    await stage.flows().add({
      queueName: 'work',
      name: 'parent',
      opts: { jobId: 'parent' },
      children: [{ queueName: 'kids', name: 'kid', opts: { jobId: 'kid' } }],
    });
    await stage.work(async () => undefined, 1, { queue: 'kids' });
    await stage.work(async () => undefined, 1);
    await over;
  },

  'events from one on': async (stage) => {
    const queue = await stage.queue();
    const first = stage.queueEvents('work', { lastEventId: '0-0' });
    const told = new Promise<string>((resolve) => {
      first.on('added', (_args, id) => resolve(id));
    });
    await queue.add('run', 1);
    const id = await told;
    stage.tell('id', /^\d+-\d+$/.test(id));
    const over = hearing(stage, stage.queueEvents('work', { lastEventId: id }), 'paused');
    await queue.pause();
    await over;
  },

  'events of one that runs when it is told to': async (stage) => {
    const queue = await stage.queue();
    const events = stage.queueEvents('work', { autorun: false, lastEventId: '0-0' });
    const over = hearing(stage, events, 'paused');
    await queue.pause();
    void events.run();
    await over;
    await stage.refused('twice', 'QueueStateError', () => events.run());
  },

  "a queue's own events": async (stage) => {
    const queue = await stage.queue();
    queue
      .on('waiting', (job) => stage.tell('waiting', job.id))
      .on('progress', (job, progress) => stage.tell('progress', [typeof job, progress]))
      .on('removed', (id) => stage.tell('removed', id))
      .on('cleaned', (jobs, type) => stage.tell('cleaned', [jobs, type]))
      .on('paused', () => stage.tell('paused', true))
      .on('resumed', () => stage.tell('resumed', true));
    const job = await queue.add('run', 1, { delay: 3_600_000 });
    await queue.addBulk([{ name: 'run', data: 2 }]);
    await queue.updateJobProgress(job.id!, 1);
    await job.updateProgress(2);
    await queue.clean(0, 0, 'delayed');
    await queue.remove('2');
    await queue.pause();
    await queue.resume();
  },
};
