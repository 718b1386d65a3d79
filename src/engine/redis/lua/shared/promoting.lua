-- Lets a delayed job, which is in no place any more, run now: one that has a checkpoint before those that wait.
local function promote(queue, id)
  local values = call('HMGET', queue.key .. id, 'ss', 'priority')
  call('HSET', queue.key .. id, 'delay', 0)
  makeReady(queue, id, tonumber(values[2] or 0), values[1] and true, 'delayed')
end
