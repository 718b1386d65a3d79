#!lua flags=no-writes
-- ARGV: queue. Answers the time, whether a claim would find a job now, and when the next is due.
--- @include "shared/store"

local queue = queueNamed(take())
local paused = call('HEXISTS', queue.key .. 'meta', 'paused') == 1
local due = nextDueOf(queue)
local ready = not paused and (call('EXISTS', queue.wait, queue.prioritized) > 0 or due and due <= now)
return { time[1], time[2], ready and 1 or 0, due and digits(due) or '' }
