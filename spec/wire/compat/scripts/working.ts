import { once } from 'node:events';
import type { Processor } from 'bullmq';
import type { Scripts } from '../stage.js';

const hour = 3_600_000;

export const working: Scripts = {
  'moveToDelayed() and DelayedError': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', { step: 1 }, { attempts: 2 });
    const run: Processor = async (job, token) => {
      stage.tell('job', [job.data, job.attemptsMade, job.attemptsStarted]);
      if (job.data.step === 2) return 'done';
      await job.moveToDelayed(Date.now() + hour, token);
      stage.tell('delay', Math.round(job.delay / hour));
      await job.updateData({ step: 2 });
      throw new stage.face.DelayedError();
    };
    const worker = stage.worker(run);
    await stage.heard('delayed');
    await worker.close();
    const job = (await queue.getJob('1'))!;
    stage.tell('found', job);
    await job.promote();
    await stage.work(run, 1);
    stage.tell('ended', await queue.getJob('1'));
  },

  'moveToWaitingChildren() and WaitingChildrenError': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await queue.add('run', { step: 1 });
    const run: Processor = async (job, token) => {
      if (job.data.step === 1) {
        for (const jobId of ['a', 'b'])
          await kids.add('kid', jobId, { jobId, parent: { id: job.id!, queue: job.queueQualifiedName } });
        await job.updateData({ step: 2 });
        stage.tell('moved', await job.moveToWaitingChildren(token!));
        throw new stage.face.WaitingChildrenError();
      }
      stage.tell('moved again', await job.moveToWaitingChildren(token!));
      stage.tell('values', await job.getChildrenValues());
      return 'done';
    };
    const worker = stage.worker(run);
    await stage.heard('waiting-children');
    await worker.close();
    stage.tell('found', await queue.getJob('1'));
    await stage.work(async ({ data }) => `${data}!`, 2, { queue: 'kids' });
    stage.tell('woken', await queue.getJobState('1'));
    await stage.work(run, 1);
    stage.tell('ended', await queue.getJob('1'));
  },

  'moveToWaitingChildren() for one child': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await queue.add('run', {});
    const worker = stage.worker(async (job, token) => {
      for (const jobId of ['a', 'b'])
        await kids.add('kid', jobId, { jobId, parent: { id: job.id!, queue: job.queueQualifiedName } });
      const child = (id: string): { id: string; queue: string } => ({ id, queue: kids.qualifiedName });
      stage.tell('for none', await job.moveToWaitingChildren(token!, { child: child('none') }));
      stage.tell('for one', await job.moveToWaitingChildren(token!, { child: child('b') }));
      throw new stage.face.WaitingChildrenError();
    });
    await stage.heard('waiting-children');
    await worker.close();
    await stage.work(async () => kids.pause(), 1, { queue: 'kids' });
    stage.tell('after a', await queue.getJobState('1'));
  },

  RateLimitError: async (stage) => {
    const queue = await stage.queue();
    for (const data of ['limited', 'another']) await queue.add('run', data);
    const worker = stage.worker(async () => {
      await queue.rateLimit(hour);
      throw new stage.face.RateLimitError();
    });
    await stage.heard('waiting', '1', { times: 2 });
    await worker.close();
    stage.tell('found', await queue.getJob('1'));
    stage.tell(
      'waiting',
      (await queue.getWaiting()).map(({ id }) => id),
    );
    stage.tell('hours', Math.round((await queue.getRateLimitTtl()) / hour));
  },

  'a limiter': async (stage) => {
    const queue = await stage.queue();
    for (const data of [1, 2, 3]) await queue.add('run', data);
    await stage.work(async () => {}, 2, { limiter: { max: 2, duration: hour } });
    stage.tell('counts', await queue.getJobCounts('completed', 'waiting'));
    stage.tell('hours', Math.round((await queue.getRateLimitTtl()) / hour));
  },

  'a name of the worker': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 1);
    await stage.work(async () => {}, 1, { name: 'ann' });
    stage.tell('found', await queue.getJob('1'));
  },

  "the worker's wishes for jobs that finish": async (stage) => {
    const queue = await stage.queue();
    for (const [data, opts] of [
      ['good', {}],
      ['good', {}],
      ['good', { removeOnComplete: false }],
      ['bad', {}],
      ['bad', { removeOnFail: { count: 5 } }],
    ] as const)
      await queue.add('run', data, opts);
    await stage.work(
      async ({ data }) => {
        if (data === 'bad') throw new Error('broken');
      },
      5,
      { removeOnComplete: { count: 1 }, removeOnFail: { count: 0 } },
    );
    stage.tell(
      'completed',
      (await queue.getCompleted()).map(({ id }) => id),
    );
    stage.tell(
      'failed',
      (await queue.getFailed()).map(({ id }) => id),
    );
  },

  "a backoff strategy of the worker's": async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 'tries', { attempts: 3, backoff: { type: 'mine' } });
    await queue.add('run', 'stops', { attempts: 3, backoff: { type: 'mine' } });
    await stage.work(
      async () => {
        throw new Error('broken');
      },
      2,
      {
        settings: {
          backoffStrategy: (attempts, type, error, job) => {
            stage.tell('asked', [attempts, type, error?.message, job?.data]);
            return job?.data === 'stops' ? -1 : 0;
          },
        },
      },
    );
    stage.tell('tries', await queue.getJob('1'));
    stage.tell('stops', await queue.getJob('2'));
  },

  'a backoff before the next attempt': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', {}, { attempts: 2, backoff: hour });
    const run: Processor = async () => {
      throw new Error('broken');
    };
    const worker = stage.worker(run);
    await stage.heard('delayed');
    await worker.close();
    const job = (await queue.getJob('1'))!;
    stage.tell('found', job);
    await job.promote();
    await stage.work(run, 1);
    stage.tell('ended', await queue.getJob('1'));
  },

  maxStartedAttempts: async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 1, { attempts: 5 });
    await stage.work(
      async () => {
        throw new Error('broken');
      },
      1,
      { maxStartedAttempts: 2 },
    );
    stage.tell('found', await queue.getJob('1'));
  },

  "a worker's own events": async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 'good');
    const worker = stage.worker(
      async (job) => {
        await job.updateProgress(1);
        if (job.data === 'bad') throw new Error('broken');
        return 'result';
      },
      { autorun: false },
    );
    worker
      .on('active', (job, prev) => stage.tell('active', [job.id, prev]))
      .on('progress', (job, progress) => stage.tell('progress', [job.id, progress]))
      .on('completed', (job, result, prev) => stage.tell('completed', [job, result, prev]))
      .on('failed', (job, error, prev) => stage.tell('failed', [job, error.message, prev]))
      .on('closing', (message) => stage.tell('closing', message))
      .on('closed', () => stage.tell('closed', true));
    stage.tell('running', [worker.isRunning(), worker.isPaused(), worker.concurrency]);
    const completed = once(worker, 'completed');
    void worker.run();
    await completed;
    stage.tell('running', [worker.isRunning(), worker.isPaused()]);
    const failed = once(worker, 'failed');
    await queue.add('run', 'bad');
    await failed;
    await worker.close();
  },

  'a worker that is paused and resumed': async (stage) => {
    const queue = await stage.queue();
    const worker = stage.worker(async () => {});
    const told: string[] = [];
    worker.on('paused', () => told.push('paused')).on('resumed', () => told.push('resumed'));
    await worker.waitUntilReady();
    await worker.pause();
    stage.tell('paused', worker.isPaused());
    await queue.add('run', 1);
    stage.tell('counts', await queue.getJobCounts('waiting'));
    await worker.resume();
    stage.tell('resumed', worker.isPaused());
    await stage.heard('completed');
    stage.tell('told', told);
    await worker.close();
  },

  'a job that is cancelled on its worker': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 1);
    let runs = (): void => {};
    const running = new Promise<void>((resolve) => {
      runs = resolve;
    });
    const worker = stage.worker(
      async (_job, _token, signal) =>
        new Promise((_resolve, reject) => {
          runs();
          signal!.addEventListener('abort', () => reject(new Error(`stopped: ${String(signal!.reason)}`)));
        }),
    );
    await running;
    stage.tell('another', worker.cancelJob('none'));
    stage.tell('answer', worker.cancelJob('1', 'no more'));
    await stage.heard('failed');
    await worker.close();
    stage.tell('found', await queue.getJob('1'));
  },

  'keeping two': async (stage) => {
    const queue = await stage.queue();
    for (const data of [1, 2, 3, 4]) await queue.add('run', data, { removeOnComplete: 2 });
    await stage.work(async () => {}, 4);
    stage.tell(
      'left',
      (await queue.getCompleted()).map(({ id }) => id),
    );
  },
};
