-- The checkpoint goes with the job's completion: of the write's fields only the cursor is saved.
local function dropCheckpoint(write)
  local fields, set = write.set, {}
  for i = 1, #fields, 2 do
    if fields[i] == 'ss' then set = { 'ss', fields[i + 1] } end
  end
  write.set, write.delete = set, {}
  local last = write.job.sw
  if not last or string.find(last, '^0 ') then return end -- none was saved before
  for _, name in ipairs(call('HKEYS', write.key)) do
    if string.sub(name, 1, 3) == 'ss:' then write.delete[#write.delete + 1] = name end
  end
end

-- Completes the job, drops its checkpoint but for the cursor, and tells its parent. With children pending it parks instead.
function writes.complete(write, result, failuresSeen)
  local key, queue, job = write.key, write.queue, write.job
  if #write.children > 0 or call('EXISTS', key .. ':dependencies', key .. ':unsuccessful') > 0 then
    if call('ZCARD', key .. ':unsuccessful') > failuresSeen then return '=failed-children' end
    for _, child in ipairs(write.children) do addJob(child) end
    write.children = {}
    local waits = { groups = {}, seen = failuresSeen }
    if not isSettled(key, waits) then
      save(write, 'waiting-children')
      park(write, waits)
      return '=waiting-children'
    end
  end
  dropCheckpoint(write)
  save(write, 'completed', '0')
  endLease(write)
  if result then call('HSET', key, 'finishedOn', now, 'atm', (job.atm or 0) + 1, 'returnvalue', result)
  else call('HSET', key, 'finishedOn', now, 'atm', (job.atm or 0) + 1) end
  call('ZADD', queue.key .. 'completed', now, write.id)
  queue.finished = true
  tell(queue, 'completed', write.id, 'returnvalue', result or absent, 'prev', 'active')
  if job.deid then endDeduplication(queue, write.id, job.deid) end
  if job.parent then childCompleted(job.parent, key, job.group, result or absent) end
  if not keepFinished(queue, 'completed', write.id, job.opts) then leaveReceipt(write, '=completed') end
  return '=completed'
end
