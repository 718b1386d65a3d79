-- ARGV: queue, id, the token of the activation if one writes, row, how many rows are kept if not as many as the job's option
-- says. Answers the time and how many there are, or why it wasn't written.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/holding"

local key, token, row, keep = queueNamed(take()).key .. take(), takeOptional(), take(), takeOptional()
local refusal = refusalTo(key, token)
if refusal then return { time[1], time[2], refusal } end
local count = call('RPUSH', key .. ':logs', row)
keep = tonumber(keep or string.match(call('HGET', key, 'opts') or '', '"kl":(%d+)') or count)
if keep < 1 then call('DEL', key .. ':logs') elseif keep < count then call('LTRIM', key .. ':logs', -keep, -1) end
return once(1, math.min(keep, count))
