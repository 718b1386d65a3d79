-- Replaces a job's data. ARGV: queue, id, the data if there is any. Answers the time and whether the job exists.
--- @include "shared/store"

local key = queueNamed(take()).key .. take()
local data = takeOptional()
if call('EXISTS', key) == 0 then return { time[1], time[2], 0 } end
if data then call('HSET', key, 'data', data) else call('HDEL', key, 'data') end
return { time[1], time[2], 1 }
