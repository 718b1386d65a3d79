import { Redis, type Result } from 'ioredis';

declare module 'ioredis' {
  interface RedisCommander<Context> {
    addJobs(keys: number, ...keysAndPayloads: string[]): Result<number, Context>;
    turnJobs(keys: number, ...keysAndEnds: (string | number)[]): Result<string[], Context>;
  }
}

/**
 * The least that Redis can do for jobs, in one call for many: no events, no locks, no retries, no priorities. What it
 * reaches is what this machine and ioredis give; nobody should use it.
 */
export function openBare(url: string): Redis {
  const redis = new Redis(url);
  redis.defineCommand('addJobs', { lua: addJobs });
  redis.defineCommand('turnJobs', { lua: turnJobs });
  return redis;
}

/** The keys of a queue. */
export const keysOf = (queue: string): readonly string[] =>
  ['id', 'wait', 'active', 'completed', ''].map((name) => `bull:${queue}:${name}`);

const addJobs = `
local last = redis.call('INCRBY', KEYS[1], #ARGV)
for n, data in ipairs(ARGV) do
  local id = last - #ARGV + n
  redis.call('HSET', KEYS[5] .. id, 'data', data)
  redis.call('LPUSH', KEYS[2], id)
end
return last`;

/** ARGV: how many jobs to take, the time, then ids and results of those that are done. Gives ids and data in turn. */
const turnJobs = `
for n = 3, #ARGV, 2 do
  if redis.call('SREM', KEYS[3], ARGV[n]) == 1 then
    redis.call('HSET', KEYS[5] .. ARGV[n], 'returnvalue', ARGV[n + 1], 'finishedOn', ARGV[2])
    redis.call('ZADD', KEYS[4], ARGV[2], ARGV[n])
  end
end
local ids = redis.call('RPOP', KEYS[2], ARGV[1])
local jobs = {}
if not ids then return jobs end
redis.call('SADD', KEYS[3], unpack(ids))
for n, id in ipairs(ids) do
  jobs[2 * n - 1] = id
  jobs[2 * n] = redis.call('HGET', KEYS[5] .. id, 'data')
end
return jobs`;
