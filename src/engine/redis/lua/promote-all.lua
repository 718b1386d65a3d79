-- Lets delayed jobs run now, those that are due first. ARGV: queue, how many at most. Answers the time, how many, and how many
-- more there are.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/promoting"

local queue, limit = queueNamed(take()), tonumber(take())
local key = queue.key .. 'delayed'
local ids = call('ZRANGE', key, 0, limit - 1)
callWithAll('ZREM', key, ids)
for _, id in ipairs(ids) do promote(queue, id) end
leave()
return once(#ids, call('ZCARD', key))
