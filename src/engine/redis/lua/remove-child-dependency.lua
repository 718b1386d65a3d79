-- Makes a job a child of its parent no more. ARGV: queue, id. Answers the time and whether it was pending for one.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/children"

local key = queueNamed(take()).key .. take()
local values = call('HMGET', key, 'parent', 'sp')
local link = values[1] and readParent(values[1])
if not link or call('SISMEMBER', link.key .. ':dependencies', key) == 0 then return { time[1], time[2], 0 } end
childRemoved(values[1], key, values[2])
call('HDEL', key, 'parentKey', 'parent', 'sp')
leave()
return once(1)
