-- Lets no job of a queue be taken for a time, or ends that. ARGV: queue, milliseconds, or 0. Answers the time and whether a limit
-- was in force.
--- @include "shared/store"
--- @include "shared/once"

local queue, duration = queueNamed(take()), take()
local limiter = queue.key .. 'limiter'
local before = call('DEL', limiter)
if duration == '0' then
  queue.ready = call('EXISTS', queue.wait, queue.prioritized) > 0
else
  call('SET', limiter, '9007199254740991', 'PX', duration) -- BullMQ's manual limit is the largest number
end
leave()
return once(before)
