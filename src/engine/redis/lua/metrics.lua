#!lua flags=no-writes
-- ARGV: queue, state, first, last (-1: the last of all). Answers the time, count, time and count of the last minute that was noted, the
-- numbers of the minutes, and how many there are.
--- @include "shared/store"

local key, first, last = queueNamed(take()).key .. 'metrics:' .. take(), take(), take()
local values = call('HMGET', key, 'count', 'prevTS', 'prevCount')
return {
  time[1], time[2],
  values[1] or '0', values[2] or '0', values[3] or '0',
  call('LRANGE', key .. ':data', first, last),
  call('LLEN', key .. ':data'),
}
