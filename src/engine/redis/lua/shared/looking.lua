-- Where a job is.

-- Takes a job out of the place that it is in; answers the state that this was.
local function takeOut(queue, id)
  for _, state in ipairs({ 'delayed', 'waiting-children', 'completed', 'failed', 'prioritized' }) do
    if call('ZREM', queue.key .. state, id) == 1 then return state end
  end
  if call('LREM', queue.key .. 'active', -1, id) == 1 then return 'active' end
  if call('LREM', queue.key .. 'wait', -1, id) == 1 then return 'waiting' end
  if call('LREM', queue.key .. 'paused', -1, id) == 1 then return 'waiting' end
end

-- Its state, and when it is due.
local function placeOf(queue, id)
  local due = call('ZSCORE', queue.key .. 'delayed', id)
  if due then return 'delayed', digits(math.floor(due / 4096)) end
  if call('ZSCORE', queue.key .. 'waiting-children', id) then
    local waits = call('HGET', queue.key .. id, 'sa')
    return 'waiting-children', waits and cmsgpack.unpack(waits)[2] or nil
  end
  for _, state in ipairs({ 'completed', 'failed', 'prioritized' }) do
    if call('ZSCORE', queue.key .. state, id) then return state end
  end
  if call('EXISTS', queue.key .. id .. ':lock') == 1 or call('LPOS', queue.key .. 'active', id) then return 'active' end
  return 'waiting'
end
