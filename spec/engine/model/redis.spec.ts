import { useRedis } from '../../support/use-redis.js';
import { redisUnderTest } from '../redis/redis-under-test.js';
import { describeModel } from './describe-model.js';

const server = useRedis();

describeModel('Redis', () => redisUnderTest(server()), { runs: 40, clock: 'runs', anyOrder: true });
