#!lua flags=no-writes
-- ARGV: queue, priorities. Answers the time and the number of waiting jobs of each.
--- @include "shared/store"

local queue = queueNamed(take())
local answers = { time[1], time[2] }
for _, priority in ipairs(takeList()) do
  local lowest = priority * 4294967296
  answers[#answers + 1] = priority == '0' and call('LLEN', queue.wait)
    or call('ZCOUNT', queue.prioritized, digits(lowest), digits(lowest + 4294967295))
end
return answers
