-- Lets a delayed job run now. ARGV: queue, id. Answers the time and whether it was one.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/promoting"

local queue, id = queueNamed(take()), take()
if call('ZREM', queue.key .. 'delayed', id) == 0 then return { time[1], time[2], 0 } end
promote(queue, id)
leave()
return once(1)
