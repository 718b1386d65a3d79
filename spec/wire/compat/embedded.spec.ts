import { Redis } from 'ioredis';
import { useRedis } from '../../support/use-redis.js';
import { answersEmbedded, occurs, outcomeOf, withoutMeant, type Comparison } from './comparison.js';
import type { Difference } from './differences/difference.js';
import { ours } from './face.js';
import { scripts } from './scripts/index.js';

jest.setTimeout(20_000);

/** `theirs` is what is answered on Redis, `ours` what the embedded engine answers. */
const differences: readonly Difference[] = [
  {
    theirs: /(?<=backoff: )(\{delay: \d+, type: "fixed"\}|\d+)/,
    ours: /(?<=backoff: )\d+/,
    why: "it keeps options as they were given; in Redis they stand as BullMQ's clients write them",
  },
  { theirs: /maxLenEvents: 10000, |"maxLenEvents", /, why: 'it keeps no events, and so has no limit of them' },
  {
    where: /^trimEvents|^events from one on/,
    theirs: /.+/,
    ours: /.+/,
    why: 'it keeps no events to go on with, nor to trim',
  },
  {
    theirs: /(?<=their names: \[).*(?=\])/,
    ours: /(?<=their names: \[).*(?=\])/,
    why: 'its workers have no connections, which could have names',
  },
  {
    theirs: /(?<=child )P:/,
    why: 'it knows no prefix, which the key of a child would begin with',
  },
];

/** Wait for what comes when a queue is listened to from an event of the past on. */
const notThere = new Set(['events of one that runs when it is told to']);

describe('the same calls on the embedded engine and on Redis', () => {
  const server = useRedis();
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(server().url);
  });
  afterAll(() => redis.disconnect());

  const comparisons: Comparison[] = [];

  it.each(Object.entries(scripts).filter(([title]) => !notThere.has(title)))(
    'give equal answers: %s',
    async (title, script) => {
      const embedded = await answersEmbedded(script, 'in-memory');
      const outcome = await outcomeOf(script, ours, redis, `redis-${comparisons.length}`);
      const comparison = { title, theirs: outcome.slice(0, embedded.length), ours: embedded };
      comparisons.push(comparison);
      const answers = withoutMeant(comparison, differences);
      expect(answers.ours).toEqual(answers.theirs);
    },
  );

  it.each(differences.map((difference) => [difference.why, difference] as const))(
    'differ where it is meant: %s',
    (_why, difference) => {
      expect(occurs(difference, comparisons, differences)).toBe(true);
    },
  );
});
