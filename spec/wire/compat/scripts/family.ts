import { setImmediate } from 'node:timers/promises';
import type { FlowJob, Job, JobsOptions, Processor } from 'bullmq';
import type { Scripts, Stage } from '../stage.js';

const hour = 3_600_000;

const flags = [
  'none',
  'failParentOnFailure',
  'continueParentOnFailure',
  'ignoreDependencyOnFailure',
  'removeDependencyOnFailure',
] as const;

function flagOf(flag: string): JobsOptions {
  return flag === 'none' ? {} : { [flag]: true };
}

const goodOrBad: Processor = async ({ data, id }) => {
  if (data === 'bad') throw new Error(`${id} is broken`);
  return `${id} is done`;
};

async function tellFamily(stage: Stage, id = 'parent'): Promise<void> {
  const queue = await stage.queue();
  const job = (await queue.getJob(id))!;
  stage.tell('parent', job);
  stage.tell('state', await job.getState());
  stage.tell('values', await job.getChildrenValues());
  stage.tell('ignored failures', await job.getIgnoredChildrenFailures());
  stage.tell('dependencies', inOrder(await job.getDependencies()));
  stage.tell('dependencies of some', inOrder(await job.getDependencies({ processed: {}, unprocessed: {} })));
  stage.tell('count', await job.getDependenciesCount());
  stage.tell('count of some', await job.getDependenciesCount({ failed: true, unprocessed: true }));
}

/** They come in the order of a set. */
function inOrder({ unprocessed, failed, ...others }: Awaited<ReturnType<Job['getDependencies']>>): unknown {
  return { ...others, unprocessed: unprocessed?.toSorted(), failed: failed?.toSorted() };
}

function tree(children: FlowJob[]): FlowJob {
  return { queueName: 'work', name: 'parent', opts: { jobId: 'parent' }, children };
}

function kid(jobId: string, data: unknown, opts: JobsOptions = {}): FlowJob {
  return { queueName: 'kids', name: 'kid', data, opts: { jobId, ...opts } };
}

export const family: Scripts = {
  'add() of a child': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await queue.add('parent', {}, { jobId: 'parent' });
    const parent = { id: 'parent', queue: queue.qualifiedName };
    for (const flag of flags)
      stage.tell(flag, await kids.add('kid', {}, { jobId: `kid-${flag}`, parent, ...flagOf(flag) }));
    stage.tell('delayed', await kids.add('kid', {}, { jobId: 'late', parent, delay: hour }));
    stage.tell('prioritized', await kids.add('kid', {}, { jobId: 'prio', parent, priority: 3 }));
    stage.tell('in bulk', await kids.addBulk([{ name: 'kid', data: 1, opts: { jobId: 'bulk', parent } }]));
    await tellFamily(stage);
  },

  'add() of a child that is there already': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    for (const jobId of ['parent', 'another']) await queue.add('parent', {}, { jobId });
    const parent = (id: string): JobsOptions => ({ parent: { id, queue: queue.qualifiedName } });
    await kids.add('kid', {}, { jobId: 'kid' });
    stage.tell('an orphan', await kids.add('kid', {}, { jobId: 'kid', ...parent('parent') }));
    stage.tell('again', await kids.add('kid', {}, { jobId: 'kid', ...parent('parent') }));
    await stage.refused('to another', 'JobStateError', () =>
      kids.add('kid', {}, { jobId: 'kid', ...parent('another') }),
    );
    await tellFamily(stage);
  },

  'add() of a child that has completed already': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await queue.add('parent', {}, { jobId: 'parent' });
    await kids.add('kid', {}, { jobId: 'kid' });
    await stage.work(goodOrBad, 1, { queue: 'kids' });
    await kids.add('kid', {}, { jobId: 'kid', parent: { id: 'parent', queue: queue.qualifiedName } });
    await tellFamily(stage);
  },

  ...Object.fromEntries(
    flags.flatMap((flag) => [
      [
        `children of whom one fails, with ${flag}`,
        async (stage) => {
          const queue = await stage.queue();
          await stage.queue('kids');
          await stage
            .flows()
            .add(tree([kid('good', 1), kid('bad', 'bad', flagOf(flag)), kid('late', 1, { delay: hour })]));
          await stage.work(goodOrBad, 2, { queue: 'kids' });
          await tellFamily(stage);
          if ((await queue.getJobState('parent')) !== 'waiting') return;
          await stage.work(async (job) => job.removeUnprocessedChildren(), 1);
          stage.tell('ended', await queue.getJob('parent'));
        },
      ],
      [
        `children of whom the last fails, with ${flag}`,
        async (stage) => {
          const queue = await stage.queue();
          const kids = await stage.queue('kids');
          await stage.flows().add(tree([kid('good', 1), kid('bad', 'bad', flagOf(flag))]));
          await stage.work(goodOrBad, 2, { queue: 'kids' });
          await tellFamily(stage);
          await (await kids.getJob('bad'))!.retry();
          await tellFamily(stage);
          await stage.work(async () => 'healed', 1, { queue: 'kids' });
          await tellFamily(stage);
          if ((await queue.getJobState('parent')) !== 'waiting') return;
          await stage.work(goodOrBad, 1);
          stage.tell('ended', await queue.getJob('parent'));
        },
      ],
      [
        `a grandchild that fails, with ${flag} at both`,
        async (stage) => {
          const queue = await stage.queue();
          await stage.queue('kids');
          await stage.queue('grandkids');
          const grandkid = { queueName: 'grandkids', name: 'kid', data: 'bad', opts: { jobId: 'g', ...flagOf(flag) } };
          await stage.flows().add(tree([{ ...kid('bad', 'bad', flagOf(flag)), children: [grandkid] }]));
          await stage.work(goodOrBad, 1, { queue: 'grandkids' });
          stage.tell('child', await (await stage.queue('kids')).getJobState('bad'));
          if ((await (await stage.queue('kids')).getJobState('bad')) === 'waiting')
            await stage.work(goodOrBad, 1, { queue: 'kids' });
          stage.tell('parent', await queue.getJobState('parent'));
        },
      ],
    ]),
  ),

  'children of every outcome, in pages': async (stage) => {
    const queue = await stage.queue();
    await stage.queue('kids');
    const children = flags.slice(1).map((flag) => kid(flag, 'bad', flagOf(flag)));
    await stage.flows().add(tree([kid('a', 1), kid('b', 1), ...children, kid('late', 1, { delay: hour })]));
    await stage.work(goodOrBad, 6, { queue: 'kids' });
    const job = (await queue.getJob('parent'))!;
    stage.tell('all', inOrder(await job.getDependencies()));
    const page = { cursor: 0, count: 10 };
    stage.tell('each', await job.getDependencies({ processed: page, unprocessed: page, ignored: page, failed: page }));
    stage.tell('one', await job.getDependencies({ failed: { count: 1 } }));
    stage.tell('counts', await job.getDependenciesCount());
    await stage.ask('pending', () => queue.getDependencies('parent', 'pending', 0, -1));
  },

  'removeChildDependency() of a child': async (stage) => {
    await stage.queue();
    const kids = await stage.queue('kids');
    await stage.flows().add(tree([kid('a', 1), kid('b', 1)]));
    const job = (await kids.getJob('a'))!;
    stage.tell('answer', await job.removeChildDependency());
    stage.tell('child', job);
    stage.tell('found', await kids.getJob('a'));
    await stage.refused('again', 'JobStateError', async () => (await kids.getJob('a'))!.removeChildDependency());
    await tellFamily(stage);
    await (await kids.getJob('b'))!.removeChildDependency();
    await tellFamily(stage);
  },

  'removeUnprocessedChildren() of a parent': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    const children = [kid('a', 1), kid('b', 'bad'), kid('c', 1, { priority: 2 })];
    await stage.flows().add(tree(children));
    const run: Processor = async (job, token) => {
      if (job.id === 'b') await kids.pause();
      return goodOrBad(job, token);
    };
    await stage.work(run, 2, { queue: 'kids' });
    stage.tell('answer', await (await queue.getJob('parent'))!.removeUnprocessedChildren());
    stage.tell('children', await kids.getJobCounts());
    await tellFamily(stage);
  },

  'remove() of a parent with children of every state': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await stage
      .flows()
      .add(tree([kid('a', 1), kid('b', 'bad', { failParentOnFailure: true }), kid('c', 1, { delay: hour })]));
    await stage.work(goodOrBad, 2, { queue: 'kids' });
    await (await queue.getJob('parent'))!.remove();
    stage.tell('children', await kids.getJobCounts());
  },

  'remove() of a parent with a child that is active': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await stage.flows().add(tree([kid('a', 1), kid('b', 1)]));
    stage.worker(async () => new Promise(() => {}), { queue: 'kids' });
    await stage.heard('active', 'a', { queue: 'kids' });
    await stage.refused('answer', 'JobStateError', async () => (await queue.getJob('parent'))!.remove());
    stage.tell('children', await kids.getJobCounts());
  },

  'a parent that completes with children pending': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await queue.add('parent', {}, { jobId: 'parent' });
    const worker = stage.worker(async (job) => {
      await kids.add('kid', {}, { jobId: 'kid', parent: { id: job.id!, queue: job.queueQualifiedName } });
      return 'early';
    });
    await stage.heard('active');
    while ((await queue.getJobState('parent')) === 'active') await setImmediate();
    await worker.close();
    await tellFamily(stage);
  },
};
