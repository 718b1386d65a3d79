-- Sets up a job scheduler, or changes it, and adds its next job in place of the one that it had. ARGV: a number of the call's own,
-- queue, scheduler, the name of its jobs, their data if there is any, the options that they are made of, those of the next one
-- but for its id and delay, its interval and offset, or when the next job is due by a pattern, the start, each if there is one,
-- then how many further values of its hash, and these, names and values.
-- Answers the time and the id of the next job; nothing when another job of that id is there, and nothing was done.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/coming"
--- @include "shared/children"
--- @include "shared/removing"
--- @include "shared/scheduling"

local receiptKey = prefix .. '::adds:' .. take()
local queue, scheduler, name, data, template, opts = queueNamed(take()), take(), take(), takeOptional(), take(), take()
local every, offset, byPattern, startDate = takeOptional(), takeOptional(), takeOptional(), takeOptional()
every, startDate = tonumber(every or ''), tonumber(startDate or '')
local more = takeList()
local key = queue.key .. 'repeat:' .. scheduler

local before = call('HMGET', key, 'every', 'offset', 'ic')
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')
local armedId = armed and scheduledId(scheduler, armed)
local isSame = armed and every and tonumber(before[1] or '') == every

-- When the next job is due, and the offset of the interval.
local function nextDue(replaces)
  local replaced = replaces and armedId
  if not every then return freeTime(queue, scheduler, tonumber(byPattern), nil, replaced), 0 end
  local due, found = nextOfInterval(every, tonumber(offset or 0), isSame and armed, startDate)
  return freeTime(queue, scheduler, replaces and isSame and armed or due, every, replaced), found
end

local function store(due, kept)
  local fields = { 'name', name, 'ic', before[3] or 1, unpack(more) }
  local function set(field, value)
    if not value then return end
    fields[#fields + 1] = field
    fields[#fields + 1] = value
  end
  set('offset', kept)
  set('opts', template ~= '{}' and template)
  set('data', data ~= '{}' and data)
  set('su', not data and 1)
  call('ZADD', queue.key .. 'repeat', digits(due), scheduler)
  call('DEL', key)
  call('HSET', key, unpack(fields))
end

local answer = call('GET', receiptKey)
if not answer then
  local replaces = armed and isComing(queue, armedId)
  local due, found = nextDue(replaces)
  if not due then return { time[1], time[2] } end
  if replaces then
    local values = call('HMGET', queue.key .. armedId, 'parent', 'sp')
    takeOut(queue, armedId)
    removeKeys(queue, armedId, values[1], values[2])
    store(due, offset or before[2])
  else
    store(due, digits(found))
  end
  answer = addScheduled(queue, scheduler, due, name, data, opts)
  call('SET', receiptKey, answer, 'PX', 60000)
  leave()
end
return { time[1], time[2], answer }
