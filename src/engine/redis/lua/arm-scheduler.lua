#!lua flags=allow-oom
-- Adds the next job of a scheduler when one of its jobs has been claimed; does nothing when it was not the armed one, or the
-- scheduler is gone. ARGV: queue, scheduler, the claimed job, the options of the next one as JSON, when that is due if a pattern
-- says so. Answers the time.
--- @include "shared/store"
--- @include "shared/places"

local queue, scheduler, claimed, opts, byPattern = queueNamed(take()), take(), take(), cjson.decode(take()), takeOptional()
local key = queue.key .. 'repeat:' .. scheduler
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')

-- Those that were missed are not made up for.
local function afterInterval(every, offset)
  if armed + every >= now then return armed + every end
  local due = math.floor(now / every) * every + offset
  return due > now and due or due + every
end

local function addNext(due, name, data)
  local id, delay, priority = 'repeat:' .. scheduler .. ':' .. digits(due), math.max(due - now, 0), tonumber(opts.priority or 0)
  if call('EXISTS', queue.key .. id) == 1 then return tell(queue, 'duplicated', id) end
  call('ZADD', queue.key .. 'repeat', digits(due), scheduler)
  call('HINCRBY', key, 'ic', 1)
  call('INCR', queue.key .. 'id')
  opts.jobId, opts.delay = id, delay
  call('HSET', queue.key .. id, 'name', name, 'data', data or '{}', 'opts', cjson.encode(opts), 'timestamp', nowText,
    'delay', delay, 'priority', priority, 'rjk', scheduler)
  if opts.de then call('HSET', queue.key .. id, 'deid', opts.de.id) end
  tell(queue, 'added', id, 'name', name)
  if delay > 0 then makeDelayed(queue, id, due) else makeReady(queue, id, priority, opts.lifo) end
end

if armed and claimed == 'repeat:' .. scheduler .. ':' .. digits(armed) then
  local values = call('HMGET', key, 'name', 'data', 'every', 'offset')
  local every = tonumber(values[3] or opts['repeat'].every or '')
  local due = every and math.floor(afterInterval(every, tonumber(values[4] or opts['repeat'].offset or 0))) or tonumber(byPattern or '')
  if due and values[1] then addNext(due, values[1], values[2]) end
  leave()
end
return { time[1], time[2] }
