-- Changes settings of a queue; who waits may find room now. ARGV: queue, then names and values, or names alone to be removed.
-- Answers the time.
--- @include "shared/store"

local queue = queueNamed(take())
while at < #ARGV do
  local name, value = take(), takeOptional()
  if value then call('HSET', queue.key .. 'meta', name, value) else call('HDEL', queue.key .. 'meta', name) end
end
queue.ready = call('EXISTS', queue.wait, queue.prioritized) > 0
leave()
return { time[1], time[2] }
