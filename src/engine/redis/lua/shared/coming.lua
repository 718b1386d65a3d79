-- Whether a job is still to be taken: it isn't active, and hasn't finished.
local function isComing(queue, id)
  if call('EXISTS', queue.key .. id) == 0 then return false end
  local state = stateOf(queue, id)
  return state == 'delayed' or state == 'prioritized' or state == 'waiting'
end
