-- A write under a lease. `sw` of the job's hash tells of the last one: number of the checkpoint, number of the write, the
-- token that it was made with, and its answer. The same number and token again is a resend, and gets the first answer.

-- Its arguments: queue, job, token, number, the job's attempts when it is a plain one, 1 when the last value is the progress, how
-- many values to set, these, how many fields to remove, these, how many children to add, these. What is set stays where it
-- is until it is saved.
local function takeWrite()
  local queue, id, count = queueNamed(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 7])
  local write = {
    queue = queue,
    id = id,
    key = queue.key .. id,
    token = ARGV[at + 3],
    seq = ARGV[at + 4],
    attempts = tonumber(ARGV[at + 5]),
    hasProgress = ARGV[at + 6] == '1',
    from = at + 8,
    to = at + 7 + count,
  }
  at = write.to
  local removed = tonumber(take())
  if removed > 0 then
    write.removed = {}
    for i = 1, removed do write.removed[i] = ARGV[at + i] end
    at = at + removed
  end
  if ARGV[at + 1] == '0' then at = at + 1 else write.children = rare.takeJobs() end
  return write
end

-- Proves lease and number; `lock` is whose the job is. Answers nothing when the write may be made, else its answer. Of a plain
-- job, whoever holds it knows what else is asked for here: it has no parent, no deduplication, hasn't stalled, and is kept.
local function prove(write, lock)
  local last
  if write.attempts then
    local values = call('HMGET', write.key, 'sw', 'parent') -- BullMQ makes it a child even while it is active
    last, write.parent = values[1], values[2]
  else
    local values = call('HMGET', write.key, 'sw', 'stc', 'sb', 'atm', 'opts', 'parent', 'deid')
    last = values[1]
    write.stalls = values[2] ~= values[3] and values[2]
    write.attempts = tonumber(values[4] or 0)
    write.opts, write.parent, write.deid = values[5], values[6], values[7]
  end
  local seq = 0
  if last then
    local number, rest = string.match(last, '^(%d+) (.*)$')
    local own = write.seq .. ' ' .. write.token .. ' '
    if string.sub(rest, 1, #own) == own then return '=' .. string.sub(rest, #own + 1) end
    seq = tonumber(number)
  end
  write.isFirst = seq == 0
  if lock ~= write.token then return rare.refused(write) end
  if tonumber(write.seq) ~= seq + 1 then return '!order ' .. seq end
end

local function priorityOf(write)
  return tonumber(call('HGET', write.key, 'priority') or 0)
end

local function addChildren(write)
  if not write.children then return end
  for _, child in ipairs(write.children) do rare.addJob(child) end
  rare.finishAdding()
  write.children = nil
end

-- The answer is part of what is written.
local function lastWrite(write, seq, answer)
  return seq .. ' ' .. write.seq .. ' ' .. write.token .. ' ' .. answer
end

local function save(write, answer)
  addChildren(write)
  local key, from, to = write.key, write.from, write.to
  while to - from >= 4000 do -- Lua's stack holds about 8,000
    call('HSET', key, unpack(ARGV, from, from + 3999))
    from = from + 4000
  end
  call('HSET', key, 'sw', lastWrite(write, write.seq, answer), unpack(ARGV, from, to))
  if write.stalls then call('HSET', key, 'sb', write.stalls) end
  if write.removed then callWithAll('HDEL', key, write.removed) end
  if write.hasProgress then tell(write.queue, 'progress', write.id, 'data', ARGV[to]) end
end

-- Locks of activations that have ended: deleted together, before anything is claimed.
local endedLocks = {}

local function deleteEndedLocks()
  if #endedLocks > 0 then call('DEL', unpack(endedLocks)) end
end

-- `sd` says when the job is due to a claim that comes too soon: a BullMQ worker has woken it for a child that failed.
local function sleepUntil(write, due)
  due = math.ceil(due)
  call('HSET', write.key, 'delay', digits(math.max(due - now, 0)), 'sd', digits(due))
  call('HDEL', write.key, 'defa') -- of a child that failed before
  makeDelayed(write.queue, write.id, due)
end

local function endLease(write)
  write.queue.freed = true
  endedLocks[#endedLocks + 1] = write.key .. ':lock'
  call('LREM', write.queue.active, -1, write.id)
end
