-- The end of jobs that nobody holds.

-- BullMQ's rule: the next job of a scheduler goes with its scheduler only.
local function isArmed(queue, id, scheduler)
  local next = scheduler and call('ZSCORE', queue.key .. 'repeat', scheduler)
  return next and id == 'repeat:' .. scheduler .. ':' .. digits(next)
end

local function isHeld(queue, id)
  return call('EXISTS', queue.key .. id .. ':lock') == 1 or call('LPOS', queue.active, id)
end

local function holdsActive(job)
  if isHeld(job.queue, job.id) then return true end
  for _, child in ipairs(unfinishedChildren(job.queue.key .. job.id)) do
    if holdsActive(child) then return true end
  end
  return false
end

-- Removes a job that is in no place any more. `parent`, `group`: of its hash; the parent is told.
local function removeKeys(queue, id, parent, group)
  dropDeduplication(queue, id)
  deleteJob(queue.key .. id)
  if parent then childRemoved(parent, queue.key .. id, group) end
end

-- Removes a job wherever it is.
local function removeJob(queue, id)
  local values = call('HMGET', queue.key .. id, 'parent', 'sp')
  local prev = takeOut(queue, id)
  tell(queue, 'removed', id, 'prev', prev or 'unknown')
  removeKeys(queue, id, values[1], values[2])
end
