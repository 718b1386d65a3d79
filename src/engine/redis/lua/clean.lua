-- Removes jobs of a state that are old enough, and tells their parents: those that run next first, of finished ones the oldest.
-- One that somebody holds stays, so does the next one of a scheduler. ARGV: queue, state, milliseconds since they came to it or
-- were added, how many at most, how many of those that calls before have looked at have stayed, 1 if the queue is told of it.
-- Answers the time, the ids, how many have stayed now, whether there may be more, and whether a parent was woken in this queue.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/children"
--- @include "shared/removing"

local queue, state, age, limit, passed, isTold = queueNamed(take()), take(), tonumber(take()), tonumber(take()), tonumber(take()), take() == '1'
local key = queue.key .. (state == 'waiting' and 'wait' or state)
local isList, isFinished = state == 'waiting' or state == 'active', state == 'completed' or state == 'failed'
local before = now - age
local window = isFinished and math.min(limit, 1000) or 1000

-- Lists run from the right.
local function lookedAt()
  if isFinished then return call('ZRANGEBYSCORE', key, '-inf', before, 'LIMIT', 0, window) end
  if not isList then return call('ZRANGE', key, passed, passed + window - 1) end
  local ids, fromRight = call('LRANGE', key, -passed - window, -passed - 1), {}
  for i = #ids, 1, -1 do fromRight[#fromRight + 1] = ids[i] end
  return fromRight
end

local function mayGo(id, values)
  if isFinished then return true end
  local since = tonumber(values[3] or values[4] or '')
  if since and since > before then return false end
  return not isArmed(queue, id, values[5]) and call('EXISTS', queue.key .. id .. ':lock') == 0
end

local ids, removed = lookedAt(), {}
local stayed = 0
for _, id in ipairs(ids) do
  if #removed == limit then break end
  local values = call('HMGET', queue.key .. id, 'parent', 'sp', 'processedOn', 'timestamp', 'rjk')
  if mayGo(id, values) then
    queue.freed = queue.freed or state == 'active'
    if isList then call('LREM', key, -1, id) else call('ZREM', key, id) end
    removeKeys(queue, id, values[1], values[2])
    removed[#removed + 1] = id
  else
    stayed = stayed + 1
  end
end
if isTold and (#removed > 0 or passed == 0) then
  call('XADD', queue.events, '*', 'event', 'cleaned', 'count', #removed)
  queue.told = true
end
local woke = queue.ready and 1 or 0
leave()
return once(removed, stayed, #ids == window and 1 or 0, woke)
