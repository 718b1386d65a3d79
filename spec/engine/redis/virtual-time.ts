import type { Redis } from 'ioredis';
import { script, type Script } from '../../../src/engine/redis/script.js';

/**
 * Stands before a script: Redis' time is the test's. It is kept in Redis, and each call that writes takes a millisecond of it; locks
 * run out by it.
 */
const virtualTime = (tick: 'GET' | 'INCR'): string => String.raw`
local real = redis
local store = KEYS[1] .. '::test:'
local moment
local function lockFor(key, ms)
  real.call('HSET', store .. 'locks', key, real.call('GET', store .. 'time') + ms)
end
local redis = setmetatable({ call = function(command, key, ...)
  if command == 'TIME' then
    moment = moment or real.call('${tick}', store .. 'time')
    return { string.format('%d', math.floor(moment / 1000)), string.format('%d', (moment % 1000) * 1000) }
  end
  local args = { ... }
  if command == 'XADD' then
    return real.call(command, key, real.call('GET', store .. 'time') .. '-*', select(2, ...))
  elseif command == 'SET' and string.sub(key, -5) == ':lock' then
    lockFor(key, args[3])
    return real.call('SET', key, args[1])
  elseif command == 'PEXPIRE' and string.sub(key, -5) == ':lock' then
    lockFor(key, args[1])
    return real.call('EXISTS', key)
  end
  return real.call(command, key, ...)
end }, { __index = real })`;

const passing = String.raw`
local store = KEYS[1] .. '::test:'
local now = redis.call('INCRBY', store .. 'time', ARGV[1])
local locks = redis.call('HGETALL', store .. 'locks')
for i = 1, #locks, 2 do
  if tonumber(locks[i + 1]) <= now then redis.call('DEL', locks[i]) redis.call('HDEL', store .. 'locks', locks[i]) end
end`;

const virtual = new Map<Script, Script>();

/** The script as it runs in the test's time. */
export function inVirtualTime(real: Script): Script {
  let made = virtual.get(real);
  if (!made) {
    const [, shebang = '', lua = ''] = /^(#!.*)?([^]*)$/.exec(real.lua)!; // the shebang stands first
    made = script(real.name, shebang, virtualTime(shebang.includes('no-writes') ? 'GET' : 'INCR'), lua);
    virtual.set(real, made);
  }
  return made;
}

export function startTime(redis: Redis, prefix: string, now: number): Promise<unknown> {
  return redis.set(`${prefix}::test:time`, now);
}

export function passTime(redis: Redis, prefix: string, ms: number): Promise<unknown> {
  return redis.eval(passing, 1, prefix, ms);
}
