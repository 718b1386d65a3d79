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
  local fields = { 'name', values[1], 'data', values[2], 'opts', values[3], 'timestamp', now, 'delay', delay, 'priority', priority }
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
local function keepFinished(queue, state, id, opts)
  local name = state == 'completed' and 'removeOnComplete' or 'removeOnFail'
  if not opts or not string.find(opts, name, 1, true) then return true end
  local count, age = limitsOf(cjson.decode(opts)[name])
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

-- Fails a job that is in no place any more. `job`: {parent, sp, opts, deid} of its hash.
local function failForGood(queue, id, job, reason, code)
  local key = queue.key .. id
  call('HSET', key, 'failedReason', reason, 'finishedOn', now)
  if code then call('HSET', key, 'sc', code) else call('HDEL', key, 'sc') end
  call('HDEL', key, 'defa')
  call('ZADD', queue.key .. 'failed', now, id)
  queue.finished = true
  if code then tell(queue, 'failed', id, 'failedReason', reason, 'prev', 'active', 'code', code)
  else tell(queue, 'failed', id, 'failedReason', reason, 'prev', 'active') end
  if job.deid then endDeduplication(queue, id, job.deid) end
  if job.parent then childFailed(job.parent, key, job.group, reason) end
  return keepFinished(queue, 'failed', id, job.opts)
end
