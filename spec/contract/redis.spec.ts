import { redisUnderTest } from '../engine/redis/redis-under-test.js';
import { useRedis } from '../support/use-redis.js';
import { describeEngine } from './engine-contract.js';

const server = useRedis();

describeEngine('Redis', () => redisUnderTest(server()));
