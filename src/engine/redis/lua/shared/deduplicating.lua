-- BullMQ's rules for jobs of one deduplication: `de:<id>` names the job that holds the place, `dn:<id>` holds the last of those that
-- were turned away while it was active (`su`: that one has no data).

local function holdPlace(placeKey, id, de)
  if de.ttl > 0 and not de.keepLastIfActive then call('SET', placeKey, id, 'PX', de.ttl)
  else call('SET', placeKey, id) end
end

local function deduplicationOf(opts)
  local de = cjson.decode(opts).de
  return {
    id = tostring(de.id),
    ttl = math.ceil(tonumber(de.ttl) or 0),
    extend = de.extend == true,
    replace = de.replace == true,
    reschedule = de.reschedule == true,
    keepLastIfActive = de.keepLastIfActive == true,
  }
end

-- The last of the jobs that were turned away while the one that has finished was active follows it.
local function addNextOf(queue, deduplicationId)
  local nextKey = queue.key .. 'dn:' .. deduplicationId
  local values = call('HMGET', nextKey, 'name', 'data', 'opts', 'jid', 'pk', 'pd', 'pdk', 'rjk', 'su')
  if not values[1] then return end
  call('DEL', nextKey)
  local counter = call('INCR', queue.key .. 'id')
  local id = values[4] or digits(counter)
  if call('EXISTS', queue.key .. id) == 1 then return tell(queue, 'duplicated', id) end
  holdPlace(queue.key .. 'de:' .. deduplicationId, id, deduplicationOf(values[3]))
  local opts = cjson.decode(values[3])
  local delay, priority = tonumber(opts.delay) or 0, tonumber(opts.priority) or 0
  local fields = { 'name', values[1], 'opts', values[3], 'timestamp', nowText, 'delay', delay, 'priority', priority, 'deid', deduplicationId }
  for name, value in pairs({ data = not values[9] and values[2], parentKey = values[5], parent = values[6], rjk = values[8] }) do
    if value then
      fields[#fields + 1] = name
      fields[#fields + 1] = value
    end
  end
  call('HSET', queue.key .. id, unpack(fields))
  tell(queue, 'added', id, 'name', values[1])
  if values[7] then call('SADD', values[7], queue.key .. id) end
  if delay > 0 then makeDelayed(queue, id, now + delay) else makeReady(queue, id, priority, opts.lifo == true) end
end

-- The place is held until its job has finished, unless it has a time to live of its own. While another holds it, what was turned away
-- follows that one: this job ran before, and was retried.
local function endDeduplication(queue, id, deduplicationId)
  local placeKey = queue.key .. 'de:' .. deduplicationId
  local holder = call('GET', placeKey)
  if holder and holder ~= id then return end
  if call('PTTL', placeKey) == -1 then call('DEL', placeKey) end
  addNextOf(queue, deduplicationId)
end
