-- Removes a job that isn't active, with its unfinished children or without, and tells its parent. ARGV: queue, id, 1 with
-- its children. Answers the time and: removed, missing, active, or scheduled.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/children"
--- @include "shared/removing"

local queue, id, withChildren = queueNamed(take()), take(), take() == '1'

local function childrenOf(each)
  return withChildren and unfinishedChildren(each.queue.key .. each.id) or {}
end

local function holdsActive(job)
  if isHeld(job.queue, job.id) then return true end
  for _, child in ipairs(childrenOf(job)) do
    if holdsActive(child) then return true end
  end
  return false
end

-- The parent first: it must not be woken by the end of its children.
local function remove(job)
  local children = childrenOf(job)
  removeJob(job.queue, job.id)
  for _, child in ipairs(children) do remove(child) end
end

local job = { queue = queue, id = id }
local values = call('HMGET', queue.key .. id, 'name', 'rjk')
if not values[1] then return { time[1], time[2], 'missing' } end
if isArmed(queue, id, values[2]) then return { time[1], time[2], 'scheduled' } end
if holdsActive(job) then return { time[1], time[2], 'active' } end
remove(job)
leave()
return { time[1], time[2], 'removed' }
