-- Removes a job scheduler, and its next job if that is not active. ARGV: queue, scheduler. Answers the time and
-- whether it was there.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/coming"
--- @include "shared/children"
--- @include "shared/removing"
--- @include "shared/scheduling"

local queue, scheduler = queueNamed(take()), take()
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')
if not armed then return { time[1], time[2], 0 } end

local id = scheduledId(scheduler, armed)
if isComing(queue, id) then removeJob(queue, id) end
call('ZREM', queue.key .. 'repeat', scheduler)
call('DEL', queue.key .. 'repeat:' .. scheduler)
leave()
return once(1)
