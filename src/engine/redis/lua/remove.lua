-- Removes a job that isn't active, with its unfinished children, and tells its parent. ARGV: queue, id.
-- Answers the time and whether it did.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/children"

local function holdsActive(queue, id)
  local key = queue.key .. id
  if call('EXISTS', key .. ':lock') == 1 or call('LPOS', queue.key .. 'active', id) then return true end
  for _, child in ipairs(unfinishedChildren(key)) do
    if holdsActive(child.queue, child.id) then return true end
  end
  return false
end

-- BullMQ's rule: the next job of a scheduler goes with its scheduler only.
local function isArmed(queue, id)
  local scheduler = call('HGET', queue.key .. id, 'rjk')
  local next = scheduler and call('ZSCORE', queue.key .. 'repeat', scheduler)
  return next and id == 'repeat:' .. scheduler .. ':' .. digits(next)
end

local function remove(queue, id)
  local key = queue.key .. id
  local children = unfinishedChildren(key)
  dropDeduplication(queue, id)
  local prev = takeOut(queue, id)
  deleteJob(key)
  tell(queue, 'removed', id, 'prev', prev or 'unknown')
  for _, child in ipairs(children) do remove(child.queue, child.id) end
end

local queue, id = queueNamed(take()), take()
local key = queue.key .. id
local values = call('HMGET', key, 'name', 'parent', 'sp')
if not values[1] or holdsActive(queue, id) or isArmed(queue, id) then return { time[1], time[2], 0 } end
remove(queue, id)
if values[2] then childRemoved(values[2], key, values[3]) end
leave()
return { time[1], time[2], 1 }
