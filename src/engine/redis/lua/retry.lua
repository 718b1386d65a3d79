-- Puts a finished job back among the waiting. ARGV: queue, id, a state if it must be in this one, further fields that go.
-- Answers the time and whether it was one.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/children"
--- @include "shared/reopening"

local queue, id, wanted, resets = queueNamed(take()), take(), takeOptional(), takeList()
for _, state in ipairs({ 'completed', 'failed' }) do
  if (wanted or state) == state and call('ZREM', queue.key .. state, id) == 1 then
    reopen(queue, id, state, unpack(resets))
    leave()
    return once(1)
  end
end
return { time[1], time[2], 0 }
