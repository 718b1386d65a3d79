import type { FlowJob, JobNode } from 'bullmq';
import type { Scripts } from '../stage.js';

const hour = 3_600_000;

function node(name: string, queueName: string, more: Partial<FlowJob> = {}): FlowJob {
  return { name, queueName, data: { name }, ...more, opts: { jobId: name, ...more.opts } };
}

/** A tree of three generations over three queues. */
const flow = node('root', 'work', {
  children: [
    node('left', 'kids', {
      children: [node('leaf', 'grandkids'), node('other-leaf', 'grandkids', { opts: { delay: hour } })],
    }),
    node('right', 'kids', { opts: { priority: 2, failParentOnFailure: true } }),
  ],
});

function told({ job, children }: JobNode): unknown {
  return { job, children: children?.map(told) };
}

export const flows: Scripts = {
  'FlowProducer.add()': async (stage) => {
    const tree = await stage.flows().add(flow);
    stage.tell('answer', told(tree));
    stage.tell('state', await tree.job.getState());
  },

  'FlowProducer.add() with ids that are generated': async (stage) => {
    const tree = await stage.flows().add({
      name: 'root',
      queueName: 'work',
      children: [{ name: 'kid', queueName: 'kids' }],
    });
    stage.tell('answer', told(tree));
  },

  'FlowProducer.add() with options of the queues': async (stage) => {
    const tree = await stage.flows().add(flow, {
      queuesOptions: {
        work: { defaultJobOptions: { attempts: 3 } },
        kids: { defaultJobOptions: { removeOnComplete: true, priority: 9 } },
      },
    });
    stage.tell('answer', told(tree));
  },

  'FlowProducer.add() of one job': async (stage) => {
    stage.tell('answer', told(await stage.flows().add(node('root', 'work'))));
    stage.tell('no children', told(await stage.flows().add(node('other', 'work', { children: [] }))));
  },

  'FlowProducer.add() of a root with delay and priority': async (stage) => {
    const opts = { delay: hour, priority: 5, attempts: 2 };
    await stage.flows().add(node('root', 'work', { opts, children: [node('kid', 'kids')] }));
    await stage.work(async () => 1, 1, { queue: 'kids' });
    const queue = await stage.queue();
    stage.tell('after its children', await queue.getJob('root'));
    stage.tell('state', await queue.getJobState('root'));
  },

  'FlowProducer.add() to a parent': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', {}, { jobId: 'parent' });
    const parent = { id: 'parent', queue: queue.qualifiedName };
    stage.tell(
      'answer',
      told(await stage.flows().add(node('root', 'work', { opts: { parent }, children: [node('kid', 'kids')] }))),
    );
    stage.tell('count', await (await queue.getJob('parent'))!.getDependenciesCount());
  },

  'FlowProducer.add() of a root that is there': async (stage) => {
    const queue = await stage.queue();
    await queue.add('run', 'first', { jobId: 'root' });
    stage.tell('answer', told(await stage.flows().add(node('root', 'work', { children: [node('kid', 'kids')] }))));
    stage.tell('state', await queue.getJobState('root'));
  },

  'FlowProducer.add() of children that have completed': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await kids.add('kid', {}, { jobId: 'kid' });
    await stage.work(async () => 1, 1, { queue: 'kids' });
    await stage.flows().add(node('root', 'work', { children: [node('kid', 'kids')] }));
    stage.tell('state', await queue.getJobState('root'));
    stage.tell('values', await (await queue.getJob('root'))!.getChildrenValues());
  },

  'FlowProducer.add() of children that wait already': async (stage) => {
    const queue = await stage.queue();
    const kids = await stage.queue('kids');
    await kids.add('kid', {}, { jobId: 'kid' });
    await stage.flows().add(node('root', 'work', { children: [node('kid', 'kids')] }));
    stage.tell('state', await queue.getJobState('root'));
    stage.tell('dependencies', await (await queue.getJob('root'))!.getDependencies());
  },

  'FlowProducer.addBulk()': async (stage) => {
    const trees = await stage
      .flows()
      .addBulk([flow, node('single', 'work'), node('pair', 'kids', { children: [node('kid', 'work')] })]);
    stage.tell('answer', trees.map(told));
    stage.tell('none', await stage.flows().addBulk([]));
  },

  'FlowProducer.getFlow()': async (stage) => {
    const producer = stage.flows();
    await producer.add(flow);
    await stage.work(async ({ id }) => id, 1, { queue: 'grandkids' });
    for (const options of [{}, { depth: 1 }, { depth: 2 }])
      stage.tell(
        JSON.stringify(options),
        sorted(told(await producer.getFlow({ id: 'root', queueName: 'work', ...options }))),
      );
    stage.tell('a part', sorted(told(await producer.getFlow({ id: 'left', queueName: 'kids' }))));
    stage.tell('none', await producer.getFlow({ id: 'none', queueName: 'work' }));
  },

  'a flow that runs to its end': async (stage) => {
    const queue = await stage.queue();
    await stage.flows().add(node('root', 'work', { children: [node('left', 'kids'), node('right', 'kids')] }));
    await stage.work(async ({ data }) => `${data.name} is done`, 2, { queue: 'kids' });
    await stage.work(async (job) => job.getChildrenValues(), 1);
    stage.tell('root', await queue.getJob('root'));
  },

  'flows that are refused': async (stage) => {
    const producer = stage.flows();
    const child = node('kid', 'kids');
    const refused: Readonly<Record<string, FlowJob>> = {
      'a parent with a deduplication': node('root', 'work', {
        opts: { deduplication: { id: 'one' } },
        children: [child],
      }),
      'a child with one that keeps the last': node('root', 'work', {
        children: [node('kid', 'kids', { opts: { deduplication: { id: 'one', keepLastIfActive: true } } })],
      }),
      'a parent that is not there': node('root', 'work', {
        opts: { parent: { id: 'none', queue: `${stage.prefix}:work` } },
      }),
      'an id that is a number': node('7', 'work'),
      'a child with two flags': node('root', 'work', {
        children: [node('kid', 'kids', { opts: { failParentOnFailure: true, ignoreDependencyOnFailure: true } })],
      }),
    };
    for (const [what, it] of Object.entries(refused))
      await stage.refused(what, what.endsWith('not there') ? 'JobNotFoundError' : 'ConfigurationError', async () =>
        told(await producer.add(it)),
      );
  },
};

/** Children come in the order of a set. */
function sorted(tree: any): unknown {
  if (!tree?.children) return tree;
  return { ...tree, children: tree.children.map(sorted).toSorted((a: any, b: any) => (a.job.id < b.job.id ? -1 : 1)) };
}
