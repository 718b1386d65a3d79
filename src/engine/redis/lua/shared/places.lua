-- Where a job goes: every change of a job's state goes through here.

-- Within a priority, what is put back goes before all others: below where the counter starts there is room for it.
local firstPlace = 1000000

local function placeInPriority(queue, lowest, atHead)
  local first = atHead
    and call('ZRANGEBYSCORE', queue.key .. 'prioritized', lowest, lowest + 4294967295, 'WITHSCORES', 'LIMIT', 0, 1)[2]
  if first then return math.max(first - 1, lowest) end
  local counter = call('INCR', queue.key .. 'pc')
  if counter == 1 then counter = call('INCRBY', queue.key .. 'pc', firstPlace) end
  return lowest + counter % 4294967296
end

-- Where claims find it. The right end of `wait` runs next; so does the lowest score of `prioritized`.
local function putReady(queue, id, priority, atHead)
  if priority == 0 then
    if atHead then call('RPUSH', queue.wait, id)
    elseif queue.arrived then queue.arrived[#queue.arrived + 1] = id
    else queue.arrived = { id } end
  else
    call('ZADD', queue.key .. 'prioritized', placeInPriority(queue, priority * 4294967296, atHead), id)
  end
  queue.ready = true
end

local function makeReady(queue, id, priority, atHead, prev)
  putReady(queue, id, priority, atHead)
  if prev then tell(queue, 'waiting', id, 'prev', prev) else tell(queue, 'waiting', id) end
end

-- Jobs that are due in the same millisecond run in the order in which they were delayed: the last 12 bits of the score.
local function makeDelayed(queue, id, due)
  due = math.ceil(due)
  local lowest, highest = due * 4096, due * 4096 + 4095
  local last = call('ZREVRANGEBYSCORE', queue.key .. 'delayed', highest, lowest, 'WITHSCORES', 'LIMIT', 0, 1)[2]
  call('ZADD', queue.key .. 'delayed', last and math.min(last + 1, highest) or lowest, id)
  queue.delayed = true
  tell(queue, 'delayed', id, 'delay', digits(due))
end

-- BullMQ reads membership only: minus the due time may stand where the time of parking does. Those with the same keep their
-- order, as the delayed ones do.
local function waitUntil(queue, id, due)
  local score = nowText
  if due then
    local first = -math.ceil(due)
    local last = call('ZRANGEBYSCORE', queue.key .. 'waiting-children', '(' .. digits(first - 1), first, 'WITHSCORES', 'LIMIT', 0, 1)[2]
    score = last and last - 1 / 4096 or first
    queue.delayed = true
  end
  call('ZADD', queue.key .. 'waiting-children', score, id)
end

local function makeWaitingChildren(queue, id, due)
  waitUntil(queue, id, due)
  tell(queue, 'waiting-children', id, 'prev', 'active')
end

-- All keys of a job: what BullMQ removes too.
local function deleteJob(key)
  call('DEL', key, key .. ':lock', key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
end

-- With a job that is removed, the key of its deduplication goes, and what was to follow it.
local function dropDeduplication(queue, id)
  local deduplicationId = call('HGET', queue.key .. id, 'deid')
  if not deduplicationId then return end
  local holder = call('GET', queue.key .. 'de:' .. deduplicationId)
  if holder and holder ~= id then return end
  call('DEL', queue.key .. 'de:' .. deduplicationId, queue.key .. 'dn:' .. deduplicationId)
end
