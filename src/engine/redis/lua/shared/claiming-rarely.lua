-- Jobs that are due join the ready ones, at most 1,000: those that have a checkpoint at the head, the earliest of them
-- first to run; the others at the tail.
local function promoteDue(queue)
  local due = {}
  -- whether it stays, as it was only to be looked at
  local function waitsOn(job)
    local key = queue.key .. job.id
    local packed = call('HGET', key, 'sa')
    local waits = packed and unpackWaits(packed)
    if not waits or (waits.due and waits.due <= now) or isSettled(key, waits) then return false end
    waitUntil(queue, job.id, nextLookAt(key, waits))
    return true
  end
  local function collect(state, ids)
    for _, id in ipairs(ids) do
      local values = call('HMGET', queue.key .. id, 'ss', 'priority')
      due[#due + 1] = { id = id, state = state, begun = values[1], priority = tonumber(values[2] or 0) }
    end
  end
  local parked = call('ZREVRANGEBYSCORE', queue.key .. 'waiting-children', '(0', '(' .. digits(-now - 1), 'LIMIT', 0, 1000)
  collect('waiting-children', parked)
  collect('delayed', call('ZRANGEBYSCORE', queue.key .. 'delayed', '-inf', digits((now + 1) * 4096 - 1), 'LIMIT', 0, 1000))
  if #due == 0 then return end
  if #parked > 0 then
    for _, job in ipairs(due) do
      local score = call('ZSCORE', queue.key .. job.state, job.id)
      job.due = job.state == 'delayed' and score / 4096 or -score
    end
    table.sort(due, function(a, b) return a.due < b.due end)
  end
  local function promote(job)
    if job.state == 'waiting-children' and waitsOn(job) then return end
    call('ZREM', queue.key .. job.state, job.id)
    if job.state == 'delayed' then call('HSET', queue.key .. job.id, 'delay', 0)
    else call('HDEL', queue.key .. job.id, 'sa') end
    makeReady(queue, job.id, job.priority, job.begun and true, job.state)
  end
  for _, job in ipairs(due) do if not job.begun then promote(job) end end
  for i = #due, 1, -1 do if due[i].begun then promote(due[i]) end end
end

-- The hash of a job without what only scripts read of it: there may be thousands of children.
local function visibleOf(fields)
  local visible = {}
  for i = 1, #fields, 2 do
    local start = string.sub(fields[i], 1, 3)
    if start ~= 'sk:' and start ~= 'sx:' and start ~= 'sf:' then
      visible[#visible + 1] = fields[i]
      visible[#visible + 1] = fields[i + 1]
    end
  end
  return visible
end

-- A BullMQ worker has woken a job that has begun, for a child that failed. It asks for its children itself, and goes on with
-- its delay if it was in one.
local function isTooSoon(queue, id, due)
  local key = queue.key .. id
  call('HDEL', key, 'defa')
  if due <= now then return false end
  call('LREM', queue.active, 1, id)
  call('HSET', key, 'delay', digits(due - now))
  makeDelayed(queue, id, due)
  return true
end

-- BullMQ's rule: a parent that has not begun fails with its child when it is picked up, and doesn't run.
local function failDeferred(queue, id, job, reason)
  local key = queue.key .. id
  job.deid = call('HGET', key, 'deid')
  call('LREM', queue.active, 1, id)
  call('HSET', key, 'processedOn', nowText, 'stacktrace', cjson.encode({ 'UnrecoverableError: ' .. reason }))
  call('HINCRBY', key, 'ats', 1)
  local attempts = call('HINCRBY', key, 'atm', 1)
  tell(queue, 'active', id, 'prev', 'waiting')
  failForGood(queue, id, job, reason, string.find(reason, '^child ') and 'CHILD_FAILED' or 'JOB_STALLED')
  if attempts >= (cjson.decode(job.opts).attempts or 0) then tell(queue, 'retries-exhausted', id, 'attemptsMade', attempts) end
end

local function countOnLimiter(queue, count, duration)
  if count == 0 then return end
  local limiter = queue.key .. 'limiter'
  if call('INCRBY', limiter, count) == count then call('PEXPIRE', limiter, math.floor(math.abs(duration or 0))) end
end

-- The same claim, sent again: what it had taken and still holds.
local function claimAgain(queue, taken)
  local claimed = {}
  for i = 1, #taken, 2 do
    local key = queue.key .. taken[i]
    if call('GET', key .. ':lock') == taken[i + 1] then
      claimed[#claimed + 1] = taken[i]
      claimed[#claimed + 1] = taken[i + 1]
      claimed[#claimed + 1] = visibleOf(call('HGETALL', key))
    end
  end
  local due = nextDueOf(queue)
  return { due and digits(due) or '', lastEventOf(queue), nowText, claimed }
end
