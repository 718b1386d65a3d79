-- Where a job is.

-- Takes a job out of the place that it is in; answers what BullMQ calls that place.
local function takeOut(queue, id)
  for _, state in ipairs({ 'delayed', 'waiting-children', 'completed', 'failed', 'prioritized' }) do
    if call('ZREM', queue.key .. state, id) == 1 then return state end
  end
  for _, list in ipairs({ 'active', 'wait', 'paused' }) do
    if call('LREM', queue.key .. list, -1, id) == 1 then return list end
  end
end

local function stateOf(queue, id)
  for _, state in ipairs({ 'delayed', 'waiting-children', 'completed', 'failed', 'prioritized' }) do
    if call('ZSCORE', queue.key .. state, id) then return state end
  end
  if call('EXISTS', queue.key .. id .. ':lock') == 1 or call('LPOS', queue.active, id) then return 'active' end
  return 'waiting'
end

-- When a job in this state is due, if it is so.
local function dueOf(queue, id, state)
  if state == 'delayed' then
    local score = call('ZSCORE', queue.key .. 'delayed', id)
    return score and digits(math.floor(score / 4096))
  elseif state == 'waiting-children' then
    local waits = call('HGET', queue.key .. id, 'sa')
    return waits and cmsgpack.unpack(waits)[2]
  end
end
