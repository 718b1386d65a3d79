-- Jobs that are due join the ready ones, at most 1,000: those that have a checkpoint at the head, the earliest of them
-- first to run; the others at the tail.
local function promoteDue(queue)
  local due = {}
  local function collect(state, ids)
    for _, id in ipairs(ids) do
      local values = call('HMGET', queue.key .. id, 'ss', 'priority')
      due[#due + 1] = { id = id, state = state, begun = values[1], priority = tonumber(values[2] or 0) }
    end
  end
  local parked = call('ZREVRANGEBYSCORE', queue.key .. 'waiting-children', '(0', -now, 'LIMIT', 0, 1000)
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
    call('ZREM', queue.key .. job.state, job.id)
    if job.state == 'delayed' then call('HSET', queue.key .. job.id, 'delay', 0)
    else call('HDEL', queue.key .. job.id, 'sa') end
    makeReady(queue, job.id, job.priority, job.begun and true, job.state)
  end
  for _, job in ipairs(due) do if not job.begun then promote(job) end end
  for i = #due, 1, -1 do if due[i].begun then promote(due[i]) end end
end

-- How many jobs may be taken under the queue's global concurrency and rate, and when more may be.
local function roomOf(queue, limit)
  local meta = metaOf(queue)
  if meta.paused then return 0 end
  if meta.concurrency then limit = math.min(limit, meta.concurrency - call('LLEN', queue.key .. 'active')) end
  local limiter = queue.key .. 'limiter'
  local ttl = call('PTTL', limiter)
  if ttl > 0 then
    local count = tonumber(call('GET', limiter) or 0)
    local max = meta.max or (count >= 9007199254740991 and 0) or math.huge -- BullMQ's manual limit is the largest number
    limit = math.min(limit, max - count)
    if limit <= 0 then return 0, now + ttl end
  elseif meta.max then
    limit = math.min(limit, meta.max)
  end
  return math.max(limit, 0)
end

-- The hash of a job without what only scripts read of it.
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

-- Makes a job active; answers its hash.
local function activate(queue, id, token, lockDuration)
  local key = queue.key .. id
  local fields = call('HGETALL', key)
  if #fields == 0 then -- it was removed by hand
    call('LREM', queue.key .. 'active', 1, id)
    return
  end
  local started, isParent = 0, false
  for i = 1, #fields, 2 do
    local name = fields[i]
    if name == 'ats' then started = fields[i + 1]
    elseif name == 'sn' then isParent = true
    elseif name == 'sa' then call('HDEL', key, 'sa') end
  end
  if isParent then fields = visibleOf(fields) end
  -- what comes later in the answer counts
  for _, each in ipairs({ 'processedOn', digits(now), 'ats', digits(started + 1) }) do fields[#fields + 1] = each end
  call('SET', key .. ':lock', token, 'PX', lockDuration)
  call('HSET', key, unpack(fields, #fields - 3))
  tell(queue, 'active', id, 'prev', 'waiting')
  return fields
end

local function countOnLimiter(queue, count)
  local max = metaOf(queue).max
  if not max or count == 0 then return end
  local limiter = queue.key .. 'limiter'
  if call('INCRBY', limiter, count) == count then call('PEXPIRE', limiter, math.floor(math.abs(metaOf(queue).duration or 0))) end
end

-- Takes up to `limit` jobs, each under a token `<owner>:<number>`. Answers when to look again, the number of the last
-- event, and per job: id, token, fields of its hash.
local function claim(queue, limit, lockDuration, owner, number)
  promoteDue(queue)
  local room, again = roomOf(queue, limit)
  local ids = {}
  if room > 0 then
    ids = call('RPOP', queue.key .. 'wait', room) or {}
    if #ids < room then
      local prioritized = call('ZPOPMIN', queue.key .. 'prioritized', room - #ids)
      for i = 1, #prioritized, 2 do ids[#ids + 1] = prioritized[i] end
      if #prioritized > 0 and call('EXISTS', queue.key .. 'prioritized') == 0 then call('DEL', queue.key .. 'pc') end
    end
    callWithAll('LPUSH', queue.key .. 'active', ids)
  end
  local claimed = {}
  for i, id in ipairs(ids) do
    local token = owner .. ':' .. digits(number + i)
    local fields = activate(queue, id, token, lockDuration)
    if fields then
      claimed[#claimed + 1] = id
      claimed[#claimed + 1] = token
      claimed[#claimed + 1] = fields
    end
  end
  countOnLimiter(queue, #claimed / 3)
  if call('EXISTS', queue.key .. 'wait', queue.key .. 'prioritized') > 0 then
    queue.ready = room > 0 -- for the next worker
  else
    queue.ready = false
    if #ids > 0 then call('ZREM', queue.key .. 'marker', '0') end
  end
  local due = nextDueOf(queue)
  if due and (not again or due < again) then again = due end
  return { again and digits(again) or '', lastEventOf(queue), claimed }
end

-- The same claim, sent again: what it had taken and still holds.
local function claimAgain(queue, owner, taken)
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
  return { due and digits(due) or '', lastEventOf(queue), claimed }
end
