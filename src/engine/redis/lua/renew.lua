#!lua flags=allow-oom
-- Prolongs leases. ARGV: milliseconds, the number of leases, per lease: queue, job, token. Answers the time and per lease 1 or 0.
--- @include "shared/store"

local lockDuration = take()
local answers = { time[1], time[2] }
for _ = 1, tonumber(take()) do
  local lock = queueNamed(take()).key .. take() .. ':lock'
  local held = call('GET', lock) == take()
  answers[#answers + 1] = held and call('PEXPIRE', lock, lockDuration) or 0
end
return answers
