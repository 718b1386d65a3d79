-- Removes a job's children that are neither finished nor active, with theirs, until about 100 jobs are gone. ARGV: queue, id.
-- Answers the time, and 1 when there may be more.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/children"
--- @include "shared/removing"

local parentKey = queueNamed(take()).key .. take()
local count = 0

-- One that has failed may still be pending: its policy is to wait.
local function mayGo(child)
  return not holdsActive(child) and call('HEXISTS', child.queue.key .. child.id, 'finishedOn') == 0
end

-- The parent first: it must not be woken by the end of its children.
local function remove(child)
  if not mayGo(child) then return end
  local children = unfinishedChildren(child.queue.key .. child.id)
  removeJob(child.queue, child.id)
  count = count + 1
  for _, each in ipairs(children) do remove(each) end
end

local isDone = true
for _, child in ipairs(unfinishedChildren(parentKey)) do
  isDone = count < 100
  if not isDone then break end
  remove(child)
end
leave()
return once(isDone and 0 or 1)
