-- Replaces a job's progress and tells of it. ARGV: queue, id, the token of the activation if one writes, the progress.
-- Answers the time and 1, or why not.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/holding"

local queue, id, token, progress = queueNamed(take()), take(), takeOptional(), take()
local key = queue.key .. id
local refusal = refusalTo(key, token)
if refusal then return { time[1], time[2], refusal } end
call('HSET', key, 'progress', progress)
noteWrite(key, token)
tell(queue, 'progress', id, 'data', progress)
leave()
return once(1)
