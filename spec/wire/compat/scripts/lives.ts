import type { Job, JobsOptions, Processor } from 'bullmq';
import type { Scripts, Stage } from '../stage.js';

/** What a job's function may do, and the options that tell what comes of it. */
const functions: Readonly<Record<string, { readonly run: (stage: Stage) => Processor; readonly opts?: JobsOptions }>> =
  {
    'returns a value': { run: () => async () => ({ deep: [1, 'ü'] }) },
    'returns nothing': { run: () => async () => {} },
    'returns null': { run: () => async () => null },
    'returns at once': { run: () => (() => 7) as unknown as Processor },
    'throws an error': { run: () => throwing(() => new Error('broken')) },
    'throws at once': {
      run: () => () => {
        throw new Error('broken');
      },
    },
    'throws an error without a message': { run: () => throwing(() => new Error('')) },
    'throws with attempts left': { run: () => throwing(() => new Error('broken')), opts: { attempts: 3 } },
    'throws with attempts left, by priority': {
      run: () => throwing(() => new Error('broken')),
      opts: { attempts: 2, priority: 3 },
    },
    'throws with few stacks kept': {
      run: () => throwing((job) => new Error(`broken ${job.attemptsMade}`)),
      opts: { attempts: 4, stackTraceLimit: 2 },
    },
    'throws with no stacks kept': { run: () => throwing(() => new Error('broken')), opts: { stackTraceLimit: 0 } },
    'throws an UnrecoverableError': {
      run: ({ face }) => throwing(() => new face.UnrecoverableError('for good')),
      opts: { attempts: 3 },
    },
    'throws an error that has its name': {
      run: () => throwing(() => Object.assign(new Error('for good'), { name: 'UnrecoverableError' })),
      opts: { attempts: 3 },
    },
    'recovers at its last attempt': {
      run: () => async (job) => {
        if (job.attemptsMade < 2) throw new Error('broken');
        return job.attemptsMade;
      },
      opts: { attempts: 3 },
    },
    'saves its progress and data, and logs': {
      run: (stage) => async (job) => {
        stage.tell('answers', [await job.updateProgress(50), await job.updateData('new'), await job.log('row')]);
        stage.tell('job', job);
        return job.data;
      },
    },
    'is kept no longer than it has completed': { run: () => async () => 1, opts: { removeOnComplete: true } },
    'is kept no longer than it has failed': {
      run: () => throwing(() => new Error('broken')),
      opts: { removeOnFail: true },
    },
    'is asked about itself': {
      run: (stage) => async (job, token) => {
        stage.tell('job', job);
        stage.tell('token', typeof token);
        stage.tell('the same', token === job.token);
        stage.tell('state', await job.getState());
        stage.tell('is active', await job.isActive());
      },
    },
  };

function throwing(error: (job: Job) => Error): Processor {
  return async (job) => {
    throw error(job);
  };
}

export const lives: Scripts = Object.fromEntries(
  Object.entries(functions).map(([what, { run, opts }]) => [
    `a job that ${what}`,
    async (stage) => {
      const queue = await stage.queue();
      await queue.add('run', { a: 1 }, opts);
      await stage.work(run(stage), 1);
      stage.tell('found', await queue.getJob('1'));
    },
  ]),
);
