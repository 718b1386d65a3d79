-- Changes a job's priority; one that is ready changes its place. ARGV: queue, id, priority, 1 when it goes before its likes.
-- Answers the time and whether the job exists.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"

local queue, id, priority, lifo = queueNamed(take()), take(), tonumber(take()), take() == '1'
if call('EXISTS', queue.key .. id) == 0 then return { time[1], time[2], 0 } end
if call('ZREM', queue.prioritized, id) == 1 or call('LREM', queue.wait, -1, id) == 1 then putReady(queue, id, priority, lifo) end
call('HSET', queue.key .. id, 'priority', priority)
leave()
return once(1)
