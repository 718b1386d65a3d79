-- A new job, as it comes in the arguments. `traits` are letters: `l` lifo, `d` deduplicated, `c` with children.
local function takeJob()
  local job = {
    queue = take(),
    name = take(),
    data = takeOptional(),
    opts = take(),
    timestamp = take(),
    delay = take(),
    priority = take(),
    traits = take(),
    id = takeOptional(),
  }
  local parentQueue = takeOptional()
  if parentQueue then
    job.parentKey = prefix .. ':' .. parentQueue .. ':' .. take()
    job.parent = take()
    job.policy = take()
    job.group = takeOptional()
  end
  return job
end

local function takeJobs()
  local jobs = {}
  for i = 1, tonumber(take()) do
    local job = takeJob()
    jobs[i] = job
    if job.parentKey then jobs.haveParents = true end
  end
  return jobs
end

-- Parents of the jobs that this call adds, by key: whether they have children already; those that are new, and the chunk that these
-- come to.
local parents = {}
-- Whether jobs are added that wait for children.
local hasNewParents = false

local function parentAt(key)
  local parent = parents[key]
  if not parent then
    local families = call('EXISTS', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
    parent = { key = key, hasChildren = families > 0, added = {} }
    parents[key] = parent
  end
  return parent
end

local function writeChunk(parent)
  call('HSET', parent.key, 'sn', parent.count, 'sk:' .. parent.count, cmsgpack.pack(parent.chunk))
end

-- Children of one group, policy and queue share a chunk, up to a hundred.
local function addToChunks(parent, group, policy, queueKey, id)
  if not parent.count then
    parent.count = rare.chunksOf(parent.key)
    parent.chunk = parent.count > 0 and rare.readChunk(parent.key, parent.count) or {}
  end
  local chunk = parent.chunk
  if #chunk < 4 or #chunk >= 103 or chunk[1] ~= group or chunk[2] ~= policy or chunk[3] ~= queueKey then
    if parent.isChanged then writeChunk(parent) end
    chunk = { group, policy, queueKey }
    parent.chunk, parent.count = chunk, parent.count + 1
  end
  chunk[#chunk + 1] = id
  parent.isChanged = true
end


-- Adds a job whose parent, if it has one, is there; answers its id. One that exists, or that its parent knows, is left as it is.
local function addJob(job)
  local queue = queueNamed(job.queue)
  local counter = call('INCR', queue.key .. 'id')
  local id = job.id or digits(counter)
  local key = queue.key .. id
  local parent = job.parentKey and parentAt(job.parentKey)
  if job.id then
    if parent and (parent.added[key] or parent.hasChildren and rare.statusOf(job.parentKey, key)) then return id end
    if call('EXISTS', key) == 1 then
      tell(queue, 'duplicated', id)
      return id
    end
  end
  local lifo, isParent = false, false
  if job.traits ~= '' then
    local holder = string.find(job.traits, 'd', 1, true) and rare.turnedAwayBy(queue, job, id)
    if holder then return holder end
    lifo, isParent = string.find(job.traits, 'l', 1, true), string.find(job.traits, 'c', 1, true)
  end
  local fields = { 'name', job.name, 'opts', job.opts, 'timestamp', job.timestamp, 'delay', job.delay, 'priority', job.priority }
  local function set(name, value)
    if not value then return end
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  set('data', job.data)
  set('deid', job.deid)
  if parent then
    set('parentKey', job.parentKey)
    set('parent', job.parent)
    set('sp', job.group)
  end
  call('HSET', key, unpack(fields))
  tell(queue, 'added', id, 'name', job.name)
  if parent then
    call('SADD', job.parentKey .. ':dependencies', key)
    parent.added[key] = true
    addToChunks(parent, job.group or false, job.policy, queue.key, id)
  end
  if isParent then
    hasNewParents = true
    rare.awaitChildren(queue, id, job)
  elseif tonumber(job.delay) > 0 then makeDelayed(queue, id, job.timestamp + job.delay)
  else makeReady(queue, id, tonumber(job.priority), lifo) end
  return id
end

-- To be called when all are added.
local function finishAdding()
  for _, parent in pairs(parents) do
    if parent.isChanged then writeChunk(parent) end
    parent.isChanged = false
  end
  if hasNewParents then rare.releaseParents() end
end
