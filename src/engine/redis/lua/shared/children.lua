-- What a parent knows of its children. Who is pending, completed and failed stands where BullMQ keeps it, so that its
-- workers may run them. The fields of the parent's hash add in which order, group and with which policy they came:
-- `sn` the number of chunks, `sk:<n>` a chunk {group, policy, key of the queue, ids ...} of up to 100 children,
-- `sa` what the parked parent waits for (see packWaits), `sx:<group>` a child that was pending when it was last looked for: chunk and key,
-- `sf:<key of a child>` why a child has failed that keeps its parent from completing.

local function readChunk(parentKey, number)
  return cmsgpack.unpack(call('HGET', parentKey, 'sk:' .. number))
end

local function chunksOf(parentKey)
  return tonumber(call('HGET', parentKey, 'sn') or 0)
end

-- Where a child stands: `pending`, `completed`, `failed`, or nothing when it is gone.
local function statusOf(parentKey, childKey)
  if call('SISMEMBER', parentKey .. ':dependencies', childKey) == 1 then return 'pending' end
  if call('HEXISTS', parentKey .. ':processed', childKey) == 1 then return 'completed' end
  if call('HEXISTS', parentKey .. ':failed', childKey) == 1 then return 'failed' end
  if call('ZSCORE', parentKey .. ':unsuccessful', childKey) then return 'failed' end
end

-- The keys of its children that are pending: as they were added, those that other clients added last.
local function pendingChildren(parentKey)
  local pending, count, keys = {}, 0, {}
  for _, key in ipairs(call('SMEMBERS', parentKey .. ':dependencies')) do
    pending[key] = true
    count = count + 1
  end
  if count == 0 then return keys end
  local function list(key)
    if pending[key] then keys[#keys + 1] = key end
    pending[key] = nil
  end
  for number = 1, chunksOf(parentKey) do
    local chunk = readChunk(parentKey, number)
    for i = 4, #chunk do list(chunk[3] .. chunk[i]) end
  end
  local attached = {}
  for key in pairs(pending) do attached[#attached + 1] = key end
  table.sort(attached)
  for _, key in ipairs(attached) do list(key) end
  return keys
end

-- Its children that have not finished: not one that has failed and stays pending, nor a job that was added later under the id of a
-- child that is gone.
local function unfinishedChildren(parentKey)
  local children = {}
  local pattern = '^(' .. string.gsub(prefix, '%p', '%%%0') .. ':[^:]*:)(.*)$'
  for _, key in ipairs(pendingChildren(parentKey)) do
    local queueKey, id = string.match(key, pattern)
    local values = queueKey and call('HMGET', key, 'parentKey', 'finishedOn') or {}
    if values[1] == parentKey and not values[2] then children[#children + 1] = { queue = queueAt(queueKey), id = id } end
  end
  return children
end

-- A child of the group that is pending, from the chunk `from` backwards: the last ones tend to finish last.
local function findPending(parentKey, group, from)
  for number = from, 1, -1 do
    local chunk = readChunk(parentKey, number)
    if chunk[1] == group then
      for i = #chunk, 4, -1 do
        local key = chunk[3] .. chunk[i]
        if call('SISMEMBER', parentKey .. ':dependencies', key) == 1 then return number, key end
      end
    end
  end
end

-- Whether no child of the group is pending: for a child that ends, one look at another that was pending before.
local function isGroupDone(parentKey, group)
  local witness = call('HGET', parentKey, 'sx:' .. group)
  local from, key
  if witness then
    from, key = string.match(witness, '^(%d+) (.*)$')
    if call('SISMEMBER', parentKey .. ':dependencies', key) == 1 then return false end
    from, key = findPending(parentKey, group, tonumber(from))
  end
  if not key then from, key = findPending(parentKey, group, chunksOf(parentKey)) end
  if not key then return true end
  call('HSET', parentKey, 'sx:' .. group, from .. ' ' .. key)
  return false
end

-- Whether a child has failed, or is gone, whose policy is to wake its parent at once.
local function isGroupBroken(parentKey, group)
  local seen = {}
  for number = chunksOf(parentKey), 1, -1 do
    local chunk = readChunk(parentKey, number)
    if chunk[1] == group then
      for i = #chunk, 4, -1 do
        local key = chunk[3] .. chunk[i]
        -- the last time that it was added counts
        if not seen[key] and chunk[2] == 'continue' then
          local status = statusOf(parentKey, key)
          if not status or status == 'failed' then return true end
        end
        seen[key] = true
      end
    end
  end
  return false
end

-- `waits`: {seen = number of failures, groups = {...}, due = ...}; whether what it waits for of its children has come.
local function isSettled(parentKey, waits)
  if not waits.seen and #waits.groups == 0 then return waits.due == nil end -- else nothing would ever wake it
  if waits.seen then
    if call('SCARD', parentKey .. ':dependencies') == 0 then return true end
    if call('ZCARD', parentKey .. ':unsuccessful') > waits.seen then return true end
  end
  for _, group in ipairs(waits.groups) do
    if isGroupDone(parentKey, group) or isGroupBroken(parentKey, group) then return true end
  end
  return false
end

-- {number of failures, time, groups ...}
local function packWaits(waits)
  return cmsgpack.pack({ waits.seen and tostring(waits.seen) or false, waits.due and digits(math.ceil(waits.due)) or false, unpack(waits.groups) })
end

local function unpackWaits(packed)
  local values = cmsgpack.unpack(packed)
  return { seen = values[1] and tonumber(values[1]), due = values[2] and tonumber(values[2]), groups = { unpack(values, 3) } }
end

-- Whether children of other groups are pending too.
local function othersPend(parentKey, groups)
  local isOwn = {}
  for _, group in ipairs(groups) do isOwn[group] = true end
  local others = call('SCARD', parentKey .. ':dependencies')
  for number = 1, chunksOf(parentKey) do
    local chunk = readChunk(parentKey, number)
    if isOwn[chunk[1]] then
      local keys = {}
      for i = 4, #chunk do keys[#keys + 1] = chunk[3] .. chunk[i] end
      for _, pending in ipairs(call('SMISMEMBER', parentKey .. ':dependencies', unpack(keys))) do others = others - pending end
    end
  end
  return others > 0
end

-- When to look at a parent whose children are a BullMQ worker's: that wakes it with the last of all, whatever it waits for.
local function nextLookAt(parentKey, waits)
  if #waits.groups == 0 or not othersPend(parentKey, waits.groups) then return waits.due end
  return math.min(waits.due or math.huge, now + 5000)
end

-- `parent` is the JSON of a child's hash; nothing when it can't be read, or is another prefix': that is not ours to touch.
local function readParent(parent)
  local readable, link = pcall(cjson.decode, parent)
  if not readable or type(link) ~= 'table' or string.sub(link.queueKey or '', 1, #prefix + 1) ~= prefix .. ':' then return end
  link.queue = queueAt(link.queueKey .. ':')
  link.key = link.queue.key .. link.id
  return link
end

-- BullMQ's rule, for a parent that one of its clients has made wait.
local function wakePlainParent(link, priority, delay)
  call('ZREM', link.queue.key .. 'waiting-children', link.id)
  if delay > 0 then makeDelayed(link.queue, link.id, now + delay)
  else makeReady(link.queue, link.id, priority, true, 'waiting-children') end
end

-- After a child has ended: wakes the parent if that is what it waits for.
-- `broke`: the child failed or is gone, and its policy is to wake its parent at once.
local function wakeParent(link, childKey, group, broke)
  if not call('ZSCORE', link.queue.key .. 'waiting-children', link.id) then return end
  local values = call('HMGET', link.key, 'sa', 'priority', 'delay')
  local priority, delay = tonumber(values[2] or 0), tonumber(values[3] or 0)
  if not values[1] then
    if broke or call('SCARD', link.key .. ':dependencies') == 0 then wakePlainParent(link, priority, delay) end
    return
  end
  local waits = unpackWaits(values[1])
  local settled = waits.seen
    and (call('SCARD', link.key .. ':dependencies') == 0 or call('ZCARD', link.key .. ':unsuccessful') > waits.seen)
  for _, each in ipairs(waits.groups) do
    settled = settled or each == group and (broke or isGroupDone(link.key, group))
  end
  if not settled then return end
  call('ZREM', link.queue.key .. 'waiting-children', link.id)
  call('HDEL', link.key, 'sa')
  makeReady(link.queue, link.id, priority, true, 'waiting-children')
end

-- A parent that a BullMQ client has made wait, or sleep, fails with its child when it is next picked up.
local function deferFailure(link, childKey)
  local values = call('HMGET', link.key, 'sa', 'priority', 'sw', 'ats')
  if values[1] then return end -- ours asks for its children itself
  local isTheirs = values[4] and not values[3]
  if call('ZREM', link.queue.key .. 'waiting-children', link.id) == 0
    and not (isTheirs and call('ZREM', link.queue.key .. 'delayed', link.id) == 1) then return end
  call('HSET', link.key, 'defa', 'child ' .. childKey .. ' failed', 'delay', 0)
  makeReady(link.queue, link.id, tonumber(values[2] or 0), true, 'waiting-children')
end

local function childCompleted(parent, childKey, group, value)
  local link = readParent(parent)
  if not link then return end
  if call('SREM', link.key .. ':dependencies', childKey) == 0 then return end
  call('HSET', link.key .. ':processed', childKey, value)
  wakeParent(link, childKey, group, false)
end

local function childFailed(parent, childKey, group, reason)
  local link = readParent(parent)
  if not link then return end
  if not (link.fpof or link.cpof or link.idof or link.rdof) then return end -- BullMQ: it may be retried, until then the parent waits
  if call('SREM', link.key .. ':dependencies', childKey) == 0 then return end
  if link.fpof then
    call('ZADD', link.key .. ':unsuccessful', now, childKey)
    call('HSET', link.key, 'sf:' .. childKey, reason)
    deferFailure(link, childKey)
  elseif not link.rdof then
    call('HSET', link.key .. ':failed', childKey, reason)
  end
  wakeParent(link, childKey, group, link.cpof)
end

local function childRemoved(parent, childKey, group)
  local link = readParent(parent)
  if not link then return end
  if call('SREM', link.key .. ':dependencies', childKey) == 1 then wakeParent(link, childKey, group, link.cpof) end
end

-- The child runs again: its parent waits for it again, if it knew of its end.
local function childReopened(parent, childKey)
  local link = readParent(parent)
  if not link then return end
  local known = call('HDEL', link.key .. ':processed', childKey) + call('HDEL', link.key .. ':failed', childKey)
    + call('ZREM', link.key .. ':unsuccessful', childKey)
  if known == 0 then return end
  call('HDEL', link.key, 'sf:' .. childKey)
  call('SADD', link.key .. ':dependencies', childKey)
end
