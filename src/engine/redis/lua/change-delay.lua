-- Moves a delayed job's due time. ARGV: queue, id, due. Answers the time and whether it was one.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"

local queue, id, due = queueNamed(take()), take(), tonumber(take())
if call('ZREM', queue.key .. 'delayed', id) == 0 then return { time[1], time[2], 0 } end
call('HSET', queue.key .. id, 'delay', math.max(math.ceil(due) - now, 0), 'sd', digits(math.ceil(due)))
makeDelayed(queue, id, due)
leave()
return once(1)
