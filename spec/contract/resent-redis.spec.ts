import { redisUnderTest } from '../engine/redis/redis-under-test.js';
import { useRedis } from '../support/use-redis.js';
import { describeEngine } from './engine-contract.js';

const server = useRedis();

// An answer may be lost on the wire: what was carried out is sent again then, and must not be carried out twice.
describeEngine('Redis, to which all is sent twice', () =>
  redisUnderTest(server(), {
    twice: ['add', 'claim', 'turn', 'upsert-scheduler', 'arm-scheduler', 'remove-scheduler'],
  }),
);
