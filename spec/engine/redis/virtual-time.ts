import type { Redis } from 'ioredis';
import { script, type Script } from '../../../src/engine/redis/script.js';

/**
 * Stands before a script: Redis' time is the test's. It is kept in Redis, and each call that writes takes a millisecond of it; what
 * is to expire expires by it, but for receipts: their keys begin with `::`.
 */
const virtualTime = (tick: 'GET' | 'INCR'): string => String.raw`
local real = redis
local store = KEYS[1] .. '::test:'
local moment
local function isReal(key) return string.sub(key, 1, #KEYS[1] + 2) == KEYS[1] .. '::' end
local function time() return tonumber(real.call('GET', store .. 'time')) end
local function expireIn(key, ms) real.call('HSET', store .. 'expiries', key, time() + ms) end
local function keep(key) return real.call('HDEL', store .. 'expiries', key) end
local function set(key, value, ...)
  local options, ms, keeps = {}, nil, false
  local given = { ... }
  local i = 1
  while i <= #given do
    local option = string.upper(given[i])
    if option == 'PX' then
      ms = given[i + 1]
      i = i + 1
    elseif option == 'KEEPTTL' then
      keeps = true
    else
      options[#options + 1] = option
    end
    i = i + 1
  end
  local answer = real.call('SET', key, value, unpack(options))
  if answer and ms then expireIn(key, ms) elseif answer and not keeps then keep(key) end
  return answer
end
local commands = {
  SET = set,
  PEXPIRE = function(key, ms)
    if real.call('EXISTS', key) == 0 then return 0 end
    expireIn(key, ms)
    return 1
  end,
  PERSIST = keep,
  PTTL = function(key)
    if real.call('EXISTS', key) == 0 then return -2 end
    local expiry = real.call('HGET', store .. 'expiries', key)
    return expiry and math.max(expiry - time(), 0) or -1
  end,
}
local redis = setmetatable({ call = function(command, key, ...)
  if command == 'TIME' then
    moment = moment or real.call('${tick}', store .. 'time')
    return { string.format('%d', math.floor(moment / 1000)), string.format('%d', (moment % 1000) * 1000) }
  end
  if command == 'XADD' then
    return real.call(command, key, real.call('GET', store .. 'time') .. '-*', select(2, ...))
  elseif command == 'DEL' then
    keep(key)
    for _, each in ipairs({ ... }) do keep(each) end
  elseif commands[command] and not isReal(key) then
    return commands[command](key, ...)
  end
  return real.call(command, key, ...)
end }, { __index = real })`;

const passing = String.raw`
local store = KEYS[1] .. '::test:'
local now = redis.call('INCRBY', store .. 'time', ARGV[1])
local expiries = redis.call('HGETALL', store .. 'expiries')
for i = 1, #expiries, 2 do
  if tonumber(expiries[i + 1]) <= now then redis.call('DEL', expiries[i]) redis.call('HDEL', store .. 'expiries', expiries[i]) end
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
