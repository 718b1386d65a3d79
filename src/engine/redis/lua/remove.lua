-- Removes a job that isn't active, with its unfinished children or without, and tells its parent. ARGV: queue, id, 1 with
-- its children. Answers the time and: removed, missing, active, or scheduled.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/children"
--- @include "shared/removing"

local queue, id, withChildren = queueNamed(take()), take(), take() == '1'


-- The parent first: it must not be woken by the end of its children.
local function remove(job)
  local children = withChildren and unfinishedChildren(job.queue.key .. job.id) or {}
  removeJob(job.queue, job.id)
  for _, child in ipairs(children) do remove(child) end
end

local job = { queue = queue, id = id }
local values = call('HMGET', queue.key .. id, 'name', 'rjk', 'finishedOn')
if not values[1] then return { time[1], time[2], 'missing' } end
if withChildren and holdsActive(job) or isHeld(queue, id) then return { time[1], time[2], 'active' } end
if not values[3] and isArmed(queue, id, values[2]) then return { time[1], time[2], 'scheduled' } end
remove(job)
leave()
return once('removed')
