#!lua flags=no-writes
-- ARGV: queue, state, first, last (-1: the last of all). Those that run next come first, finished ones from the newest.
-- Answers as get.lua.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/reading"

local queue, state, first, last = queueNamed(take()), take(), tonumber(take()), tonumber(take())

local function reversed(list)
  local result = {}
  for i = #list, 1, -1 do result[#result + 1] = list[i] end
  return result
end

-- Lists run from the right.
local function rangeOf(name)
  local key = queue.key .. name
  if name == 'wait' or name == 'active' then return reversed(call('LRANGE', key, last < 0 and -last - 1 or -last - 1, -first - 1)) end
  if name == 'completed' or name == 'failed' then return call('ZREVRANGE', key, first, last) end
  return call('ZRANGE', key, first, last)
end

return answerWith(queue, rangeOf(state == 'waiting' and 'wait' or state), state)
