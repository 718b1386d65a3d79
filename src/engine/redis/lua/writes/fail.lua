local stackTraceLimit = 10

-- The last stacks, as BullMQ keeps them: a JSON array.
local function withStack(rows, stack)
  local stacks = rows and cjson.decode(rows) or {}
  stacks[#stacks + 1] = stack
  while #stacks > stackTraceLimit do table.remove(stacks, 1) end
  return cjson.encode(stacks)
end

-- Counts an attempt and saves; the job is tried again, at once or later, or has failed for good.
function writes.fail(write, failure)
  local key, queue, id, job = write.key, write.queue, write.id, write.job
  save(write, '-')
  endLease(write)
  local attempts = (job.atm or 0) + 1
  call('HSET', key, 'atm', attempts)
  if failure.stack then call('HSET', key, 'stacktrace', withStack(call('HGET', key, 'stacktrace'), failure.stack)) end
  if not failure.retryAt then
    local kept = failForGood(queue, id, job, failure.reason, failure.code)
    if attempts >= (cjson.decode(job.opts).attempts or 0) then tell(queue, 'retries-exhausted', id, 'attemptsMade', attempts) end
    if not kept then leaveReceipt(write, '=-') end
    return '=-'
  end
  call('HSET', key, 'failedReason', failure.reason)
  if failure.code then call('HSET', key, 'sc', failure.code) else call('HDEL', key, 'sc') end
  if failure.retryAt > now then
    call('HSET', key, 'delay', math.ceil(failure.retryAt) - now)
    makeDelayed(queue, id, failure.retryAt)
  else
    makeReady(queue, id, priorityOf(write), false, 'active')
  end
  return '=-'
end
