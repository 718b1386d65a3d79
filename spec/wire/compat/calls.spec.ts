import { Redis } from 'ioredis';
import { useRedis } from '../../support/use-redis.js';
import { occurs, outcomeOf, withoutMeant, type Comparison } from './comparison.js';
import { differences } from './differences/index.js';
import { ours, theirs } from './face.js';
import { scripts } from './scripts/index.js';

jest.setTimeout(20_000);

describe("the same calls through BullMQ's classes and through ours", () => {
  const server = useRedis();
  let redis: Redis;
  beforeAll(() => {
    redis = new Redis(server().url);
  });
  afterAll(() => redis.disconnect());

  const comparisons = new Map<string, Promise<Comparison>>();
  function comparisonOf(title: string): Promise<Comparison> {
    if (!comparisons.has(title)) comparisons.set(title, compare(title));
    return comparisons.get(title)!;
  }

  async function compare(title: string): Promise<Comparison> {
    const number = comparisons.size;
    const run = scripts[title]!;
    return {
      title,
      theirs: await outcomeOf(run, theirs, redis, `theirs-${number}`),
      ours: await outcomeOf(run, ours, redis, `ours-${number}`),
    };
  }

  it.each(Object.keys(scripts))('give equal answers and leave equal keys: %s', async (title) => {
    const outcomes = withoutMeant(await comparisonOf(title), differences);
    expect(outcomes.ours).toEqual(outcomes.theirs);
  });

  it.each(differences.map((difference) => [difference.why, difference] as const))(
    'differ where it is meant: %s',
    async (_why, difference) => {
      const all: Comparison[] = [];
      for (const title of Object.keys(scripts)) all.push(await comparisonOf(title));
      expect(occurs(difference, all, differences)).toBe(true);
    },
  );
});
