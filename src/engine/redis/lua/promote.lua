-- Lets a delayed job run now. ARGV: queue, id. Answers the time and whether it was one.
--- @include "shared/store"
--- @include "shared/places"

local queue, id = queueNamed(take()), take()
if call('ZREM', queue.key .. 'delayed', id) == 0 then return { time[1], time[2], 0 } end
local values = call('HMGET', queue.key .. id, 'ss', 'priority')
call('HSET', queue.key .. id, 'delay', 0)
makeReady(queue, id, tonumber(values[2] or 0), values[1] and true, 'delayed')
leave()
return { time[1], time[2], 1 }
