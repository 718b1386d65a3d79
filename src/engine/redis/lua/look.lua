#!lua flags=no-writes
-- ARGV: queue. Answers the time, whether a claim may find a job now, and when it may find another: one is due, or the time is over
-- in which jobs are counted.
--- @include "shared/store"

local queue = queueNamed(take())
local values = call('HMGET', queue.key .. 'meta', 'paused', 'max')
local waits, due = call('EXISTS', queue.wait, queue.prioritized) > 0, nextDueOf(queue)
local again = due
local limiter = queue.key .. 'limiter'
local left = waits and call('PTTL', limiter) or 0
if left > 0 then again = math.min(due or math.huge, now + left) end
local isLimited = left > 0 and tonumber(call('GET', limiter) or 0) >= tonumber(values[2] or 9007199254740991)
local ready = not values[1] and not isLimited and (waits or due and due <= now)
return { time[1], time[2], ready and 1 or 0, again and digits(again) or '' }
