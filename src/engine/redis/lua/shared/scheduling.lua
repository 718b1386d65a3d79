-- Job schedulers, by BullMQ's rules: `repeat` ranks them by the time of their next job, `repeat:<id>` is one (`su`: its jobs have no
-- data), `repeat:<id>:<time>` the id of a job.

local function scheduledId(scheduler, due)
  return 'repeat:' .. scheduler .. ':' .. digits(due)
end

-- When the next job of an interval is due, and how long after a multiple of it. `last`: when the one before was; those that were
-- missed are not made up for.
local function nextOfInterval(every, offset, last, startDate)
  local due
  local function aligned()
    local slot = math.floor(now / every) * every + offset
    return slot > now and slot or slot + every
  end
  if last then due = last + every >= now and last + every or aligned()
  elseif startDate then due = math.max(startDate, now)
  else due = offset > 0 and aligned() or now end
  if offset == 0 then offset = due - math.floor(due / every) * every end
  return math.floor(due), math.floor(offset)
end

-- Jobs that have finished may have the ids of the next ones: from `due` on, the first of its times at which there is none, or none of
-- so many. `replaced`: the id of one that is to go.
local function freeTime(queue, scheduler, due, every, replaced)
  for _ = 1, every and 32 or 1 do
    local id = scheduledId(scheduler, due)
    if id == replaced or call('EXISTS', queue.key .. id) == 0 then return due end
    due = due + (every or 0)
  end
end

-- `opts`: of the job, as JSON, but for its id and delay.
local function addScheduled(queue, scheduler, due, name, data, opts)
  local id, delay, read = scheduledId(scheduler, due), math.max(due - now, 0), cjson.decode(opts)
  local priority = tonumber(read.priority) or 0
  local own = '{"jobId":' .. cjson.encode(id) .. ',"delay":' .. digits(delay)
  local fields = { 'name', name, 'opts', own .. (opts == '{}' and '}' or ',' .. string.sub(opts, 2)), 'timestamp', nowText,
    'delay', digits(delay), 'priority', digits(priority), 'rjk', scheduler }
  local function set(field, value)
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  if data then set('data', data) end
  if type(read.de) == 'table' then set('deid', tostring(read.de.id)) end
  call('INCR', queue.key .. 'id')
  call('HSET', queue.key .. id, unpack(fields))
  tell(queue, 'added', id, 'name', name)
  if delay > 0 then makeDelayed(queue, id, due) else makeReady(queue, id, priority, read.lifo == true) end
  return id
end
