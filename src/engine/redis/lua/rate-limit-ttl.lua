#!lua flags=no-writes
-- ARGV: queue, the most jobs in a time if not as many as the queue itself says. Answers the time, and the milliseconds until jobs
-- are taken again; without any limit to hold it against, what is left of the time in which they are counted.
--- @include "shared/store"

local queue, most = queueNamed(take()), takeOptional()
local limiter = queue.key .. 'limiter'
local max = tonumber(most or call('HGET', queue.key .. 'meta', 'max') or 0)
local isReached = tonumber(call('GET', limiter) or 0) >= max
return { time[1], time[2], isReached and math.max(call('PTTL', limiter), 0) or 0 }
