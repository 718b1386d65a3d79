-- A new job, as it comes in the arguments.
local function takeJob()
  local job = {
    queue = take(),
    name = take(),
    data = takeOptional(),
    opts = take(),
    timestamp = take(),
    delay = take(),
    priority = take(),
    lifo = take() == '1',
    id = takeOptional(),
  }
  job.parentQueue = takeOptional()
  if job.parentQueue then
    job.parentId = take()
    job.parent = take()
    job.policy = take()
    job.group = takeOptional()
  end
  return job
end

local function takeJobs()
  local jobs = {}
  for i = 1, tonumber(take()) do jobs[i] = takeJob() end
  return jobs
end

-- Adds a job; answers its id. One that exists, or that its parent knows, is left as it is.
local function addJob(job)
  local queue = queueNamed(job.queue)
  local counter = call('INCR', queue.key .. 'id')
  local id = job.id or digits(counter)
  local key = queue.key .. id
  local parentKey = job.parent and prefix .. ':' .. job.parentQueue .. ':' .. job.parentId
  if parentKey and call('EXISTS', parentKey) == 0 then parentKey = nil end
  if job.id then
    if parentKey and rare.statusOf(parentKey, key) then return id end
    if call('EXISTS', key) == 1 then
      tell(queue, 'duplicated', id)
      return id
    end
  end
  local fields = { 'name', job.name, 'opts', job.opts, 'timestamp', job.timestamp, 'delay', job.delay, 'priority', job.priority }
  local function set(name, value)
    if not value then return end
    fields[#fields + 1] = name
    fields[#fields + 1] = value
  end
  set('data', job.data)
  if job.parent then
    set('parentKey', prefix .. ':' .. job.parentQueue .. ':' .. job.parentId)
    set('parent', job.parent)
    set('sp', job.group)
  end
  call('HSET', key, unpack(fields))
  tell(queue, 'added', id, 'name', job.name)
  if parentKey then
    call('SADD', parentKey .. ':dependencies', key)
    rare.addToChunks(parentKey, job.group or false, job.policy, queue.key, id)
  end
  if tonumber(job.delay) > 0 then makeDelayed(queue, id, job.timestamp + job.delay)
  else makeReady(queue, id, tonumber(job.priority), job.lifo) end
  return id
end
