-- Puts a finished job, which is in no place any more, back among the waiting. `prev`: the state that it was in; `...`: further
-- fields of its hash that go.
local function reopen(queue, id, prev, ...)
  local key = queue.key .. id
  call('HDEL', key, 'finishedOn', 'processedOn', 'returnvalue', 'failedReason', 'sc', 'defa', ...)
  local values = call('HMGET', key, 'stc', 'priority', 'parent', 'opts')
  if values[1] then call('HSET', key, 'sb', values[1]) end
  call('HSET', key, 'delay', 0) -- it may have been cancelled in one
  makeReady(queue, id, tonumber(values[2] or 0), string.find(values[4] or '', '"lifo":true', 1, true), prev)
  if values[3] then childReopened(values[3], key) end
end
