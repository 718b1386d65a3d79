#!lua flags=no-writes
-- By what a queue of BullMQ before 6 is known. ARGV: queue. Answers the time, the version of the last client that said one, how many
-- jobs lie in `paused`, and whether a marker lies among the jobs of `wait`.
--- @include "shared/store"

local key = queueNamed(take()).key
local function isMarker(id) return id and string.sub(id, 1, 2) == '0:' end
local marked = isMarker(call('LINDEX', key .. 'wait', 0)) or isMarker(call('LINDEX', key .. 'wait', -1))
return { time[1], time[2], call('HGET', key .. 'meta', 'version') or '', call('LLEN', key .. 'paused'), marked and 1 or 0 }
