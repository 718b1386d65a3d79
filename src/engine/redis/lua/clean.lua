-- ARGV: queue, state, age in milliseconds, how many at most. Answers the time and the ids of the jobs that were removed.
--- @include "shared/store"
--- @include "shared/places"

local queue, state, age, limit = queueNamed(take()), take(), tonumber(take()), tonumber(take())
local ids = call('ZRANGEBYSCORE', queue.key .. state, '-inf', now - age, 'LIMIT', 0, math.min(limit, 1000))
for _, id in ipairs(ids) do
  dropDeduplication(queue, id)
  deleteJob(queue.key .. id)
end
if #ids > 0 then
  callWithAll('ZREM', queue.key .. state, ids)
  call('XADD', queue.key .. 'events', '*', 'event', 'cleaned', 'count', #ids)
end
return { time[1], time[2], ids }
