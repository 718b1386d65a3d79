#!lua flags=no-writes
-- ARGV: queue, id, first, last (-1: the last of all), 1 for the oldest first. Answers the time, the rows, and how many there are.
--- @include "shared/store"

local key, first, last = queueNamed(take()).key .. take() .. ':logs', tonumber(take()), tonumber(take())
local rows
if take() == '1' then
  rows = call('LRANGE', key, first, last)
else
  local backwards = call('LRANGE', key, -last - 1, -first - 1)
  rows = {}
  for i = #backwards, 1, -1 do rows[#rows + 1] = backwards[i] end
end
return { time[1], time[2], rows, call('LLEN', key) }
