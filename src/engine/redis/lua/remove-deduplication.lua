-- Frees the place of a deduplication. ARGV: queue, deduplication, the job that must hold it if not any. Answers the time and
-- whether it did.
--- @include "shared/store"
--- @include "shared/once"

local key, holder = queueNamed(take()).key .. 'de:' .. take(), takeOptional()
if holder and call('GET', key) ~= holder then return { time[1], time[2], 0 } end
return once(call('DEL', key))
