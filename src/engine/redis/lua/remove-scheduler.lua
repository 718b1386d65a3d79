-- Removes a job scheduler, and its next job if that is not active. ARGV: a number of the call's own, queue, scheduler. Answers the time and
-- whether it was there.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/coming"
--- @include "shared/children"
--- @include "shared/removing"
--- @include "shared/scheduling"

local receiptKey = prefix .. '::removals:' .. take()
local queue, scheduler = queueNamed(take()), take()
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')
if call('EXISTS', receiptKey) == 1 then return { time[1], time[2], 1 } end
if not armed then return { time[1], time[2], 0 } end

local id = scheduledId(scheduler, armed)
if isComing(queue, id) then removeJob(queue, id) end
call('ZREM', queue.key .. 'repeat', scheduler)
call('DEL', queue.key .. 'repeat:' .. scheduler)
call('SET', receiptKey, 1, 'PX', 60000)
leave()
return { time[1], time[2], 1 }
