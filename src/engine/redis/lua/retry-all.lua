-- Puts finished jobs of a state back among the waiting, the oldest first. ARGV: queue, state, until when they have finished, how
-- many at most. Answers the time, how many, and how many more there are.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/children"
--- @include "shared/reopening"

local queue, state, last, limit = queueNamed(take()), take(), take(), take()
local key = queue.key .. state
if tonumber(last) then last = '(' .. digits(math.floor(last) + 1) end -- thousandths are of the same millisecond
local ids = call('ZRANGEBYSCORE', key, '-inf', last, 'LIMIT', 0, limit)
callWithAll('ZREM', key, ids)
for _, id in ipairs(ids) do reopen(queue, id, state) end
leave()
return once(#ids, call('ZCOUNT', key, '-inf', last))
