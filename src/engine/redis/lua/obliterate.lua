-- Removes a queue that is paused: at most 1,000 of its jobs, and when none is left, the rest of it. ARGV: queue, 1 if active jobs
-- are removed, too. Answers the time and: obliterated, more (the call is to be made again), not-paused, or active.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/children"
--- @include "shared/removing"

local queue, force = queueNamed(take()), take() == '1'
if call('HEXISTS', queue.key .. 'meta', 'paused') == 0 then return { time[1], time[2], 'not-paused' } end
if not force and call('EXISTS', queue.active) == 1 then return { time[1], time[2], 'active' } end

local left = 1000

local function removeAll(ids)
  left = left - #ids
  for _, id in ipairs(ids) do
    local values = call('HMGET', queue.key .. id, 'parent', 'sp')
    removeKeys(queue, id, values[1], values[2])
  end
end

local function removeList(name)
  if left == 0 then return end
  local ids = call('LRANGE', queue.key .. name, 0, left - 1)
  call('LTRIM', queue.key .. name, #ids, -1)
  removeAll(ids)
end

local function removeSet(name)
  if left == 0 then return end
  local ids = call('ZRANGE', queue.key .. name, 0, left - 1)
  callWithAll('ZREM', queue.key .. name, ids)
  removeAll(ids)
end

local function removeSchedulers()
  if left == 0 then return end
  local ids = call('ZRANGE', queue.key .. 'repeat', 0, left - 1)
  callWithAll('ZREM', queue.key .. 'repeat', ids)
  left = left - #ids
  for _, id in ipairs(ids) do call('DEL', queue.key .. 'repeat:' .. id) end
end

-- parents before those that would wake them, and what may be woken all the same after that
removeSet('waiting-children')
removeList('active')
removeSet('delayed')
removeSchedulers()
removeSet('completed')
removeSet('failed')
removeList('wait')
removeList('paused')
removeSet('prioritized')
if left > 0 then
  for _, name in ipairs({ 'events', 'stalled-check', 'stalled', 'id', 'pc', 'marker', 'meta', 'delay', 'metrics:completed',
    'metrics:completed:data', 'metrics:failed', 'metrics:failed:data' }) do call('DEL', queue.key .. name) end
end
queues[queue.key] = nil -- nobody is woken here, and nothing is told
leave()
return once(left > 0 and 'obliterated' or 'more')
