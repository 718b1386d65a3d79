-- Of what the write sets, the cursor: the rest of the checkpoint goes with the job's completion.
local function cursorOf(write)
  for i = write.from, write.to, 2 do
    if ARGV[i] == 'ss' then return ARGV[i + 1] end
  end
end

-- Completes the job, drops its checkpoint but for the cursor, and tells its parent.
function writes.complete(write, result, failuresSeen)
  local key, queue, id = write.key, write.queue, write.id
  if write.children or mayHaveChildren then
    local waiting = rare.waitForChildren(write, result, failuresSeen)
    if waiting then return waiting end
  end
  endLease(write)
  local fields = { 'sw', lastWrite(write, 0, 'completed'), 'finishedOn', nowText, 'atm', write.attempts + 1 }
  local function set(name, value)
    if not value then return end
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  set('returnvalue', result)
  set('ss', cursorOf(write))
  call('HSET', key, unpack(fields))
  if write.stalls then call('HSET', key, 'sb', write.stalls) end
  if not write.isFirst then rare.dropCheckpoint(write) end
  -- one entry for both: who hears of the progress hears of the end too
  if write.hasProgress then
    tell(queue, 'completed', id, 'returnvalue', result or absent, 'prev', 'active', 'progress', ARGV[write.to])
  else
    tell(queue, 'completed', id, 'returnvalue', result or absent, 'prev', 'active')
  end
  if write.deid then rare.endDeduplication(queue, id, write.deid) end
  if write.parent then rare.childCompleted(write.parent, key, rare.groupOf(key), result or absent) end
  noteFinished(queue, 'completed', id)
  local isKept = not (write.finishing or string.find(write.opts or '', 'removeOnComplete', 1, true))
    or rare.settle(queue, 'completed', id, write.opts, write.finishing)
  if not isKept then rare.leaveReceipt(write, '=completed') end
  return '=completed'
end

function arguments.complete() return takeOptional(), tonumber(take()) end
