#!lua flags=no-writes
-- ARGV: queue, state, first, last (-1: the last of all), 1 when all is seen from the other end. Those that run next come first,
-- finished ones from the newest. Answers as shared/reading.lua says.
--- @include "shared/store"
--- @include "shared/looking"
--- @include "shared/reading"

local queue, state, first, last, isReversed = queueNamed(take()), take(), tonumber(take()), tonumber(take()), take() == '1'
local key = queue.key .. (state == 'waiting' and 'wait' or state)

-- Lists run from the right.
local function fromRight()
  local list, result = call('LRANGE', key, -last - 1, -first - 1), {}
  for i = #list, 1, -1 do result[#result + 1] = list[i] end
  return result
end

local ids
if state == 'waiting' or state == 'active' then
  ids = isReversed and call('LRANGE', key, first, last) or fromRight()
elseif (state == 'completed' or state == 'failed') ~= isReversed then
  ids = call('ZREVRANGE', key, first, last)
else
  ids = call('ZRANGE', key, first, last)
end
return answerWith(queue, ids, state)
