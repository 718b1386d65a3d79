import { Redis } from 'ioredis';
import { useRedis } from '../../support/use-redis.js';
import { occurs, outcomeOf, withoutMeant, type Outcome } from './comparison.js';
import type { Difference } from './differences/difference.js';
import { theirs } from './face.js';
import { scripts } from './scripts/index.js';
import type { Script } from './stage.js';

describe('the comparison of calls', () => {
  const server = useRedis();
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(server().url);
  });
  afterEach(() => redis.flushall());
  afterAll(() => redis.disconnect());

  const run = (script: Script, prefix: string): Promise<Outcome> => outcomeOf(script, theirs, redis, prefix);

  it.each([
    'FlowProducer.add() with ids that are generated',
    'children of every outcome, in pages',
    "a job scheduler's template",
    "the events of jobs' lives",
    'moveToDelayed() and DelayedError',
  ])("comes out equal for two runs through BullMQ's classes: %s", async (title) => {
    const outcome = await run(scripts[title]!, 'first-run');
    expect(outcome.length).toBeGreaterThan(10);
    await expect(run(scripts[title]!, 'second-run')).resolves.toEqual(outcome);
  });

  const adds: Script = async (stage) => {
    const queue = await stage.queue();
    for (const jobId of ['a', 'b']) stage.tell('added', await queue.add('run', 1, { jobId, attempts: 2 }));
  };

  it.each<readonly [what: string, other: Script]>([
    [
      'an answer',
      async (stage) => {
        await adds(stage);
        stage.answers[1] = 'added: undefined';
      },
    ],
    [
      'an option',
      async (stage) => {
        const queue = await stage.queue();
        for (const jobId of ['a', 'b']) stage.tell('added', await queue.add('run', 1, { jobId }));
      },
    ],
    [
      'an order',
      async (stage) => {
        const queue = await stage.queue();
        for (const jobId of ['b', 'a']) await queue.add('run', 1, { jobId, attempts: 2 });
        for (const jobId of ['a', 'b']) stage.tell('added', await queue.getJob(jobId));
      },
    ],
    [
      'a key',
      async (stage) => {
        await adds(stage);
        await (await stage.queue()).addJobLog('a', 'row');
      },
    ],
    [
      'a time',
      async (stage) => {
        const queue = await stage.queue();
        for (const jobId of ['a', 'b']) await queue.add('run', 1, { jobId, attempts: 2, timestamp: 1_700_000_000_000 });
      },
    ],
  ])('comes out unequal for %s that differs', async (_what, other) => {
    expect(await run(other, 'second-run')).not.toEqual(await run(adds, 'first-run'));
  });

  it('leaves out what is meant to differ, and tells of a difference that is none any more', () => {
    const comparison = { title: 'adds', theirs: ['same', 'x: 1'], ours: ['same', 'x: 2', 'more'] };
    const meant: readonly Difference[] = [
      { theirs: /(?<=x:) 1$/, ours: /(?<=x:) 2$/, why: 'they count from 1' },
      { where: /adds/, ours: /^more$/, why: 'they have no more' },
    ];
    const gone: readonly Difference[] = [
      { where: /removes/, ours: /^more$/, why: 'looked for elsewhere' },
      { theirs: /y/, why: 'not said any more' },
    ];
    const all = [...meant, ...gone];
    const { theirs: left, ours: right } = withoutMeant(comparison, all);
    expect(left).toEqual(right);
    expect(all.filter((difference) => occurs(difference, [comparison], all))).toEqual(meant);
  });
});
