-- What becomes of a new job whose deduplication has its place held by another.

-- The new job takes the place of one that is delayed.
local function replace(queue, holder, placeKey, id, de)
  local values = call('HMGET', queue.key .. holder, 'parent', 'sp')
  call('ZREM', queue.key .. 'delayed', holder)
  deleteJob(queue.key .. holder)
  tell(queue, 'removed', holder, 'prev', 'delayed')
  if values[1] then childRemoved(values[1], queue.key .. holder, values[2]) end
  tell(queue, 'deduplicated', id, 'deduplicationId', de.id, 'deduplicatedJobId', holder)
  call('DEL', queue.key .. 'dn:' .. de.id)
  if de.ttl > 0 and not de.extend and not de.keepLastIfActive then call('SET', placeKey, id, 'KEEPTTL')
  else holdPlace(placeKey, id, de) end
end

-- The place must outlive the job that holds it: else one that is added meanwhile would pass by.
local function keepForLater(queue, job, id, placeKey, de)
  local nextKey = queue.key .. 'dn:' .. de.id
  call('DEL', nextKey)
  call('HSET', nextKey, 'name', job.name, 'data', job.data or '{}', 'opts', job.opts, 'jid', id)
  if not job.data then call('HSET', nextKey, 'su', 1) end
  call('PERSIST', placeKey)
end

-- The delay of the job that holds the place begins anew, as the new one's.
local function putOff(queue, holder, job)
  local due = job.timestamp + job.delay
  call('HSET', queue.key .. holder, 'delay', job.delay)
  if call('HEXISTS', queue.key .. holder, 'ss') == 1 then call('HSET', queue.key .. holder, 'sd', digits(math.ceil(due))) end
  call('ZREM', queue.key .. 'delayed', holder)
  makeDelayed(queue, holder, due)
end

-- The job that holds the place: this one is turned away. Nothing when the place is this one's from now on.
local function turnedAwayBy(queue, job, id)
  local de = deduplicationOf(job.opts)
  local placeKey = queue.key .. 'de:' .. de.id
  job.deid = de.id
  local holder = call('GET', placeKey)
  if not holder then return holdPlace(placeKey, id, de) end
  local isDelayed = call('ZSCORE', queue.key .. 'delayed', holder)
  if de.replace and isDelayed then return replace(queue, holder, placeKey, id, de) end
  -- a place without an end is its job's; when that is gone, it was lost
  if call('PTTL', placeKey) == -1 and call('EXISTS', queue.key .. holder) == 0 then
    call('DEL', queue.key .. 'dn:' .. de.id)
    return holdPlace(placeKey, id, de)
  end
  local isKept = de.keepLastIfActive and call('LPOS', queue.active, holder)
  if isKept then keepForLater(queue, job, id, placeKey, de)
  elseif de.replace then return holder
  elseif de.extend and de.ttl > 0 then holdPlace(placeKey, holder, de) end
  tell(queue, 'deduplicated', holder, 'deduplicationId', de.id, 'deduplicatedJobId', id)
  if de.reschedule and isDelayed and not de.replace then putOff(queue, holder, job) end
  return holder
end
