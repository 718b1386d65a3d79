-- ARGV: queue, `paused` or `resumed`. Answers the time.
--- @include "shared/store"

local queue, event = queueNamed(take()), take()
local meta = queue.key .. 'meta'
if event == 'paused' then
  call('HSET', meta, 'paused', 1)
  call('DEL', queue.key .. 'marker')
else
  call('HDEL', meta, 'paused')
  queue.ready = call('EXISTS', queue.key .. 'wait', queue.key .. 'prioritized') > 0
end
call('XADD', queue.key .. 'events', '*', 'event', event)
queue.told = true
if event == 'resumed' then queue.delayed = true end
leave()
return { time[1], time[2] }
