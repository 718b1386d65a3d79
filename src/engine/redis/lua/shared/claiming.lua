-- At most so many jobs in a time: what the queue says goes before what the worker wishes.
local function rateOf(queue, wishes)
  local meta = metaOf(queue)
  if meta.max then return meta.max, meta.duration end
  return wishes and wishes.max, wishes and wishes.duration
end

-- How many jobs may be taken under the queue's global concurrency and the rate, and when more may be.
local function roomOf(queue, limit, max)
  local meta = metaOf(queue)
  if meta.paused then return 0 end
  if meta.concurrency then limit = math.min(limit, meta.concurrency - call('LLEN', queue.active)) end
  local limiter = queue.key .. 'limiter'
  local ttl = call('PTTL', limiter)
  if ttl > 0 then
    local count = tonumber(call('GET', limiter) or 0)
    max = max or (count >= 9007199254740991 and 0) or math.huge -- BullMQ's manual limit is the largest number
    limit = math.min(limit, max - count)
    if limit <= 0 then return 0, now + ttl end
  elseif max then
    if ttl == 0 then call('DEL', limiter) end -- what is counted now would be forgotten with its last millisecond
    limit = math.min(limit, max)
  end
  return math.max(limit, 0)
end

-- All that there may be of a job to which nothing has happened, but for `parentKey`, which comes with `parent`. What isn't there is
-- `false`. Of such a job all but the last are told: an odd number, by which the reader tells them from names and values.
local fresh = { 'name', 'data', 'opts', 'timestamp', 'parent', 'sp', 'rjk', 'priority', 'deid', 'delay' }

local function isFresh(key, fields)
  local count = fields[5] and 1 or 0
  for i = 1, #fresh do
    if fields[i] then count = count + 1 end
  end
  return call('HLEN', key) == count
end

-- How often a job to which something has happened has been started with this time; nothing when it isn't to be started now.
local function startOf(queue, id, fields, wishes)
  local key = queue.key .. id
  local values = call('HMGET', key, 'ss', 'ats', 'defa', 'sd')
  local due = tonumber(values[4] or 0)
  if values[3] and not values[1] then
    rare.failDeferred(queue, id, { opts = fields[3], parent = fields[5], finishing = wishes and wishes.finishing }, values[3])
    return
  end
  if values[3] and rare.isTooSoon(queue, id, due) then return end
  if due > now then call('HDEL', key, 'sd') end -- it was let go before its time
  return (values[2] or 0) + 1
end

-- Makes a job active; answers the values of `fresh`, or all names and values of its hash when something has happened to it before.
local function activate(queue, id, token, lockDuration, wishes)
  local key = queue.key .. id
  local fields = call('HMGET', key, unpack(fresh))
  if not fields[1] then -- it was removed by hand
    call('LREM', queue.active, 1, id)
    return
  end
  local isNew = isFresh(key, fields)
  local started = isNew and 1 or startOf(queue, id, fields, wishes)
  if not started then return end
  call('SET', key .. ':lock', token, 'PX', lockDuration)
  if wishes and wishes.worker then call('HSET', key, 'processedOn', nowText, 'ats', started, 'pb', wishes.worker)
  else call('HSET', key, 'processedOn', nowText, 'ats', started) end
  tell(queue, 'active', id, 'prev', 'waiting')
  if not isNew then
    local all = call('HGETALL', key)
    return #all < 60 and all or rare.visibleOf(all) -- there may be thousands of children
  end
  fields[10] = nil
  return fields
end

-- Takes up to `limit` jobs, each under a token `<owner>:<number>`, as the worker wishes (see takeClaim). Answers when to look again, the
-- number of the last event, the time, and per job: id, token, fields of its hash.
local function claim(queue, limit, lockDuration, owner, number, wishes)
  local due = nextDueOf(queue)
  if due and due <= now then
    rare.promoteDue(queue)
    due = nextDueOf(queue)
  end
  addArrived(queue)
  local max, duration = rateOf(queue, wishes)
  local room, again = roomOf(queue, limit, max)
  local ids = room > 0 and call('RPOP', queue.wait, room) or {}
  if #ids < room then
    local prioritized = call('ZPOPMIN', queue.prioritized, room - #ids)
    for i = 1, #prioritized, 2 do ids[#ids + 1] = prioritized[i] end
    if #prioritized > 0 and call('EXISTS', queue.prioritized) == 0 then call('DEL', queue.key .. 'pc') end
  end
  if #ids > 0 then callWithAll('LPUSH', queue.active, ids) end
  local claimed = {}
  for i, id in ipairs(ids) do
    local token = owner .. ':' .. digits(number + i)
    local fields = activate(queue, id, token, lockDuration, wishes)
    if fields then
      local last = #claimed
      claimed[last + 1], claimed[last + 2], claimed[last + 3] = id, token, fields
    end
  end
  if max then rare.countOnLimiter(queue, #claimed / 3, duration) end
  -- for the next worker, or none need be woken any more
  queue.ready = room > 0 and #ids == room and call('EXISTS', queue.wait, queue.prioritized) > 0
  if #ids > 0 and not queue.ready then call('ZREM', queue.key .. 'marker', '0') end
  if due and (not again or due < again) then again = due end
  return { again and digits(again) or '', lastEventOf(queue), nowText, claimed }
end
