-- Puts a finished job back at the tail. ARGV: queue, id. Answers the time and whether it was one.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/children"

local queue, id = queueNamed(take()), take()
local key = queue.key .. id
local prev = call('ZREM', queue.key .. 'completed', id) == 1 and 'completed' or call('ZREM', queue.key .. 'failed', id) == 1 and 'failed'
if not prev then return { time[1], time[2], 0 } end
call('HDEL', key, 'finishedOn', 'processedOn', 'returnvalue', 'failedReason', 'sc', 'defa')
local values = call('HMGET', key, 'stc', 'priority', 'parent')
if values[1] then call('HSET', key, 'sb', values[1]) end
makeReady(queue, id, tonumber(values[2] or 0), false, prev)
if values[3] then childReopened(values[3], key) end
leave()
return { time[1], time[2], 1 }
