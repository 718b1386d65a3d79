-- The store as all scripts see it: KEYS[1] is the prefix; all other keys are made from it and share its slot.
-- Scripts check first and write last, at Redis' time; payloads are opaque bytes.
local call = redis.call
local prefix = KEYS[1]

local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)

-- Whole numbers as text: Lua's own conversion rounds beyond 14 digits.
local function digits(number)
  return string.format('%.0f', number)
end

local nowText = digits(now)

-- How a value that is absent is told where there must be one: BullMQ's readers see null.
local absent = ' null'

-- Arguments are read one after the other.
local at = 0
local function take()
  at = at + 1
  return ARGV[at]
end

-- An argument that may be missing comes after its number: 0 or 1.
local function takeOptional()
  if take() == '1' then return take() end
end

local function takeList()
  local list = {}
  for i = 1, tonumber(take()) do list[i] = take() end
  return list
end

-- Calls a variadic command with any number of values: Lua's stack holds about 8,000.
local function callWithAll(command, key, values)
  for from = 1, #values, 5000 do
    call(command, key, unpack(values, from, math.min(from + 4999, #values)))
  end
end

-- The queues that this call touches, by the beginning of their keys, `<prefix>:<queue>:`.
local queues = {}

local function queueAt(key)
  local queue = queues[key]
  if not queue then
    queue = {
      key = key,
      events = key .. 'events',
      wait = key .. 'wait',
      active = key .. 'active',
      prioritized = key .. 'prioritized',
    }
    queues[key] = queue
  end
  return queue
end

local named = {}

local function queueNamed(name)
  local queue = named[name]
  if not queue then
    queue = queueAt(prefix .. ':' .. name .. ':')
    named[name] = queue
  end
  return queue
end

local function metaOf(queue)
  if not queue.meta then
    local values = call('HMGET', queue.key .. 'meta', 'paused', 'concurrency', 'max', 'duration', 'opts.maxLenEvents')
    queue.meta = {
      paused = values[1],
      concurrency = tonumber(values[2] or ''),
      max = tonumber(values[3] or ''),
      duration = tonumber(values[4] or ''),
      maxLenEvents = values[5],
    }
    if not values[5] then
      queue.meta.maxLenEvents = '10000'
      call('HSET', queue.key .. 'meta', 'opts.maxLenEvents', '10000')
    end
  end
  return queue.meta
end

-- `queue` `id` `...`: further fields of the event.
local function tell(queue, event, id, ...)
  call('XADD', queue.events, '*', 'event', event, 'jobId', id, ...)
  queue.told = true
end

-- The id of the queue's last event: a reader knows what came later.
local function lastEventOf(queue)
  local last = call('XREVRANGE', queue.key .. 'events', '+', '-', 'COUNT', 1)[1]
  return last and last[1] or '0-0'
end

-- When the next job is due that is delayed, or that waits for a time beside its children (its score is below 0, see makeWaitingChildren).
local function nextDueOf(queue)
  local delayed = call('ZRANGE', queue.key .. 'delayed', 0, 0, 'WITHSCORES')[2]
  local parked = call('ZREVRANGEBYSCORE', queue.key .. 'waiting-children', '(0', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
  local due = delayed and math.floor(delayed / 4096)
  parked = parked and math.floor(-parked)
  if parked and (not due or parked < due) then return parked end
  return due
end

-- Jobs that have finished join their sets together, at the end of the call or when the set is needed.
local function addFinished(queue)
  for _, state in ipairs({ 'completed', 'failed' }) do
    local entries = queue[state]
    if entries then
      callWithAll('ZADD', queue.key .. state, entries)
      queue[state] = nil
    end
  end
end

-- Those of one call finish in the same millisecond: thousandths of it keep their order.
local function noteFinished(queue, state, id)
  queue.finished = (queue.finished or 0) + 1
  local score = queue.finished == 1 and nowText or nowText .. '.' .. string.sub(1000 + queue.finished, 2)
  local entries = queue[state]
  if entries then
    entries[#entries + 1] = score
    entries[#entries + 1] = id
  else
    queue[state] = { score, id }
  end
end

-- Jobs that have come to the tail are put there together.
local function addArrived(queue)
  if not queue.arrived then return end
  callWithAll('LPUSH', queue.wait, queue.arrived)
  queue.arrived = nil
end

-- Whether a job that has left `active` made room for one that waits.
local function hasRoom(queue)
  local concurrency = metaOf(queue).concurrency
  return concurrency and call('LLEN', queue.active) < concurrency and call('EXISTS', queue.wait, queue.prioritized) > 0
end

-- To be called last: wakes those who watch, once per queue, and trims the events.
local function leave()
  for key, queue in pairs(queues) do
    addArrived(queue)
    if queue.finished then addFinished(queue) end
    if queue.freed and not queue.ready then queue.ready = hasRoom(queue) end
    if queue.ready and not metaOf(queue).paused then call('ZADD', key .. 'marker', 0, '0') end
    if queue.delayed then
      local due = nextDueOf(queue)
      if due then call('ZADD', key .. 'marker', due, '1') end
    end
    if queue.finished and call('EXISTS', key .. 'wait', key .. 'active', key .. 'prioritized') == 0 then
      call('XADD', key .. 'events', '*', 'event', 'drained')
    end
    if queue.told then call('XTRIM', key .. 'events', 'MAXLEN', '~', metaOf(queue).maxLenEvents) end
  end
end
