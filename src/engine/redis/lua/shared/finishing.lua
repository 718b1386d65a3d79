-- A job's end.

local optionOf = { completed = 'removeOnComplete', failed = 'removeOnFail' }

-- What workers wish for the jobs that finish on them, by the JSON of it: `removeOnComplete`, `removeOnFail` for those that have no such
-- option of their own, and `metrics`, so many minutes are counted.
local wishesIn = {}

local function wishesOf(finishing)
  if not wishesIn[finishing] then wishesIn[finishing] = cjson.decode(finishing) end
  return wishesIn[finishing]
end

-- How many to keep, for how many seconds, and how many to remove at most; nothing when all are kept.
local function limitsOf(state, opts, finishing)
  local option
  if string.find(opts or '', optionOf[state], 1, true) then option = cjson.decode(opts)[optionOf[state]] end
  if option == nil and finishing then option = wishesOf(finishing)[optionOf[state]] end
  if option == true then return 0 end
  if type(option) == 'number' then option = { count = option } end
  if type(option) ~= 'table' then return end
  local count = tonumber(option.count)
  return count and count >= 0 and count or nil, tonumber(option.age), tonumber(option.limit) -- BullMQ's -1 keeps all
end

-- BullMQ's metrics: a hash that counts, and a list of the numbers of each minute, the newest first, which is filled up when the
-- first job of a later minute comes.
local function countFinished(queue, state, points)
  local key = queue.key .. 'metrics:' .. state
  local before = call('HINCRBY', key, 'count', 1) - 1
  queue.counted = queue.counted or {}
  if queue.counted[state] then return end -- no minute has passed since
  queue.counted[state] = true
  local last = call('HMGET', key, 'prevTS', 'prevCount')
  if not last[1] then return call('HSET', key, 'prevTS', nowText, 'prevCount', 0) end
  local minutes = math.min(math.floor(now / 60000) - math.floor(last[1] / 60000), points)
  if minutes <= 0 then return end
  local numbers = { before - last[2] }
  for minute = 2, minutes do numbers[minute] = 0 end
  callWithAll('LPUSH', key .. ':data', numbers)
  call('LTRIM', key .. ':data', 0, points - 1)
  call('HSET', key, 'prevTS', nowText, 'prevCount', before)
end

-- One that has failed may be pending yet: its parent waits no longer than it is kept.
local function deleteFinished(queue, state, ids)
  for _, id in ipairs(ids) do
    local key = queue.key .. id
    local values = state == 'failed' and call('HMGET', key, 'parent', 'sp')
    call('ZREM', queue.key .. state, id)
    deleteJob(key)
    if values and values[1] then childRemoved(values[1], key, values[2]) end
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

-- How many finished jobs this call may still remove.
local removable = 1000

-- Does with a job that has finished what its option asks for, or its worker wishes: counts it, and removes what needn't be kept,
-- at most 100 others if nothing else is asked for. Answers whether it is kept itself.
local function settle(queue, state, id, opts, finishing)
  local points = finishing and wishesOf(finishing).metrics
  if points then countFinished(queue, state, points) end
  local count, age, limit = limitsOf(state, opts, finishing)
  if not (count or age) then return true end
  addFinished(queue)
  if count == 0 then
    deleteFinished(queue, state, { id })
    return false
  end
  local most = math.min(limit or 100, removable)
  local function remove(ids)
    most, removable = most - #ids, removable - #ids
    deleteFinished(queue, state, ids)
  end
  if age then remove(call('ZRANGEBYSCORE', queue.key .. state, '-inf', now - age * 1000, 'LIMIT', 0, most)) end
  if count then
    local surplus = call('ZCARD', queue.key .. state) - count
    if surplus > 0 and most > 0 then remove(oldest(queue, state, math.min(surplus, most), id)) end
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

-- To be noted when the store fails a job, not its worker: a retry by hand, be it BullMQ's, gives it all its attempts anew.
local function noteAttempts(key)
  local values = call('HMGET', key, 'sw', 'atm')
  local seq = string.match(values[1] or '', '^%d+')
  if seq and seq ~= '0' then call('HSET', key, 'ab', seq .. ' ' .. (values[2] or 0)) end
end

-- Fails a job that is in no place any more. `job`: {parent, opts, deid} of its hash, what its worker wishes if it has one, and the
-- place that it was in if it wasn't active.
-- Answers whether it is kept.
local function failForGood(queue, id, job, reason, code)
  local key = queue.key .. id
  noteFailure(key, reason, code)
  call('HSET', key, 'finishedOn', nowText)
  call('HDEL', key, 'defa')
  local prev = job.prev or 'active'
  if code then tell(queue, 'failed', id, 'failedReason', reason, 'prev', prev, 'code', code)
  else tell(queue, 'failed', id, 'failedReason', reason, 'prev', prev) end
  if job.deid then endDeduplication(queue, id, job.deid) end
  if job.parent then childFailed(job.parent, key, groupOf(key), reason) end
  noteFinished(queue, 'failed', id)
  return settle(queue, 'failed', id, job.opts, job.finishing)
end
