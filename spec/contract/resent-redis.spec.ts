import { scripts } from '../../src/engine/redis/scripts.js';
import { redisUnderTest } from '../engine/redis/redis-under-test.js';
import { useRedis } from '../support/use-redis.js';
import { describeEngine } from './engine-contract.js';

const server = useRedis();

/** They set what is so already, and tell it twice: who hears them must bear it. */
const bearable: ReadonlySet<string> = new Set(['pause', 'recover']);

// An answer may be lost on the wire: what was carried out is sent again then, and must not be carried out twice.
describeEngine('Redis, to which all is sent twice', () =>
  redisUnderTest(server(), {
    twice: Object.values(scripts)
      .map(({ name }) => name)
      .filter((name) => !bearable.has(name)),
  }),
);
