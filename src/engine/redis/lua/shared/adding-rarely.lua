-- The key of a parent that is neither there nor one of those before in the list.
local function missingParentOf(jobs)
  local isThere = {}
  for _, job in ipairs(jobs) do
    if job.parentKey then
      isThere[job.parentKey] = isThere[job.parentKey] or call('EXISTS', job.parentKey) == 1
      if not isThere[job.parentKey] then return job.parentKey end
    end
    -- one that may be turned away is no parent
    if job.id and not string.find(job.traits, 'd', 1, true) then isThere[queueNamed(job.queue).key .. job.id] = true end
  end
end

-- Jobs that wait for children which come with them.
local newParents = {}

-- As BullMQ's clients do.
local function awaitChildren(queue, id, job)
  call('ZADD', queue.key .. 'waiting-children', job.timestamp, id)
  tell(queue, 'waiting-children', id)
  newParents[#newParents + 1] = { queue = queue, id = id, key = queue.key .. id, priority = tonumber(job.priority), delay = tonumber(job.delay) }
end

-- To be called when all are added: those that wait for none are ready.
local function releaseParents()
  for _, parent in ipairs(newParents) do
    if call('SCARD', parent.key .. ':dependencies') == 0 then wakePlainParent(parent, parent.priority, parent.delay) end
  end
  newParents = {}
end
