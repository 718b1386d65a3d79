-- A job's end.

-- BullMQ's `keepLastIfActive`: the last of the jobs that were added while this one was active follows it.
local function addNextOf(queue, deduplicationId)
  local nextKey = queue.key .. 'dn:' .. deduplicationId
  local values = call('HMGET', nextKey, 'name', 'data', 'opts', 'jid', 'pk', 'pd', 'pdk', 'rjk')
  if not values[1] then return end
  call('DEL', nextKey)
  local counter = call('INCR', queue.key .. 'id')
  local id = values[4] or digits(counter)
  local opts = cjson.decode(values[3])
  local delay, priority, ttl = tonumber(opts.delay or 0), tonumber(opts.priority or 0), tonumber(opts.de.ttl or 0)
  if ttl > 0 and not opts.de.keepLastIfActive then call('SET', queue.key .. 'de:' .. deduplicationId, id, 'PX', ttl)
  else call('SET', queue.key .. 'de:' .. deduplicationId, id) end
  local fields = { 'name', values[1], 'data', values[2], 'opts', values[3], 'timestamp', nowText, 'delay', delay, 'priority', priority }
  for name, value in pairs({ parentKey = values[5], parent = values[6], rjk = values[8], deid = deduplicationId }) do
    if value then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  call('HSET', queue.key .. id, unpack(fields))
  tell(queue, 'added', id, 'name', values[1])
  if values[7] then call('SADD', values[7], queue.key .. id) end
  if delay > 0 then makeDelayed(queue, id, now + delay) else makeReady(queue, id, priority, opts.lifo) end
end

-- BullMQ's rule: the key of a deduplication lives as long as its job, unless it has a time to live of its own.
local function endDeduplication(queue, id, deduplicationId)
  local key = queue.key .. 'de:' .. deduplicationId
  if call('PTTL', key) == -1 and call('GET', key) == id then call('DEL', key) end
  addNextOf(queue, deduplicationId)
end

local function limitsOf(option)
  if type(option) == 'table' then return tonumber(option.count), tonumber(option.age) end
  if type(option) == 'number' then return option, nil end
  if option == true then return 0, nil end
end

local function deleteFinished(queue, state, ids)
  for _, id in ipairs(ids) do
    call('ZREM', queue.key .. state, id)
    deleteJob(queue.key .. id)
  end
end

-- Those that finished first, but for `id`: among those of its millisecond it may be anywhere.
local function oldest(queue, state, count, id)
  local ids = call('ZRANGE', queue.key .. state, 0, count)
  for place, each in ipairs(ids) do
    if each == id then table.remove(ids, place) end
  end
  ids[count + 1] = nil
  return ids
end

-- Removes what needn't be kept now that a job has finished, at most 100 jobs. Answers whether it is kept itself.
local function trimFinished(queue, state, id, opts)
  addFinished(queue)
  local count, age = limitsOf(cjson.decode(opts)[state == 'completed' and 'removeOnComplete' or 'removeOnFail'])
  if count == 0 then
    deleteFinished(queue, state, { id })
    return false
  end
  if age then
    deleteFinished(queue, state, call('ZRANGEBYSCORE', queue.key .. state, '-inf', now - age * 1000, 'LIMIT', 0, 100))
  end
  if count then
    local surplus = call('ZCARD', queue.key .. state) - count
    if surplus > 0 then deleteFinished(queue, state, oldest(queue, state, math.min(surplus, 100), id)) end
  end
  return call('EXISTS', queue.key .. id) == 1
end

local function noteFailure(key, reason, code)
  if code then
    call('HSET', key, 'failedReason', reason, 'sc', code)
  else
    call('HSET', key, 'failedReason', reason)
    call('HDEL', key, 'sc')
  end
end

-- The group that a child is of, among its parent's.
local function groupOf(key)
  return call('HGET', key, 'sp') or nil
end

-- Fails a job that is in no place any more. `job`: {parent, opts, deid} of its hash. Answers whether it is kept.
local function failForGood(queue, id, job, reason, code)
  local key = queue.key .. id
  noteFailure(key, reason, code)
  call('HSET', key, 'finishedOn', nowText)
  call('HDEL', key, 'defa')
  if code then tell(queue, 'failed', id, 'failedReason', reason, 'prev', 'active', 'code', code)
  else tell(queue, 'failed', id, 'failedReason', reason, 'prev', 'active') end
  if job.deid then endDeduplication(queue, id, job.deid) end
  if job.parent then childFailed(job.parent, key, groupOf(key), reason) end
  noteFinished(queue, 'failed', id)
  return not string.find(job.opts or '', 'removeOnFail', 1, true) or trimFinished(queue, 'failed', id, job.opts)
end
