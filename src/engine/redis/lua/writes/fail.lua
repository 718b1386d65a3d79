-- The last stacks, as BullMQ keeps them: a JSON array; no more than ten, or as many as the job's option says.
local function withStack(key, stack)
  local values = call('HMGET', key, 'stacktrace', 'opts')
  local limit = tonumber(string.match(values[2] or '', '"stackTraceLimit":(%d+)') or 10)
  local readable, stacks = pcall(cjson.decode, values[1] or '[]')
  if not readable or type(stacks) ~= 'table' then stacks = {} end
  stacks[#stacks + 1] = stack
  while #stacks > limit do table.remove(stacks, 1) end
  return #stacks > 0 and cjson.encode(stacks) or '[]'
end

-- Counts an attempt and saves; the job is tried again, at once or later, or has failed for good.
function writes.fail(write, failure)
  local key, queue, id = write.key, write.queue, write.id
  save(write, '-')
  endLease(write)
  local attempts = write.attempts + 1
  call('HSET', key, 'atm', attempts)
  if failure.stack then call('HSET', key, 'stacktrace', withStack(key, failure.stack)) end
  if not failure.retryAt then
    write.opts = write.opts or call('HGET', key, 'opts')
    local kept = failForGood(queue, id, write, failure.reason, failure.code)
    if attempts >= (cjson.decode(write.opts).attempts or 0) then tell(queue, 'retries-exhausted', id, 'attemptsMade', attempts) end
    if not kept then leaveReceipt(write, '=-') end
    return '=-'
  end
  noteFailure(key, failure.reason, failure.code)
  -- its own time is whole: with the fraction, at once would be later
  if math.floor(failure.retryAt) > now then
    sleepUntil(write, failure.retryAt)
  else
    makeReady(queue, id, priorityOf(write), false, 'active')
  end
  return '=-'
end

function arguments.fail()
  local failure = { reason = take(), code = takeOptional(), stack = takeOptional(), retryAt = takeOptional() }
  failure.retryAt = failure.retryAt and tonumber(failure.retryAt)
  return failure
end
