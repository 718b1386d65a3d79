-- Replaces a job's data. ARGV: queue, id, the token of the activation if one writes, the data if there is any.
-- Answers the time and 1, or why not.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/holding"

local key, token, data = queueNamed(take()).key .. take(), takeOptional(), takeOptional()
local refusal = refusalTo(key, token)
if refusal then return { time[1], time[2], refusal } end
if data then call('HSET', key, 'data', data) else call('HDEL', key, 'data') end
noteWrite(key, token)
return once(1)
