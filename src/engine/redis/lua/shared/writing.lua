-- A write under a lease. `sw` of the job's hash tells of the last one: number of the checkpoint, number of the write, its
-- answer, and the token that it was made with. The same number and token again is a resend, and gets the first answer.

local attributes = { 'sw', 'name', 'opts', 'parent', 'sp', 'deid', 'priority', 'stc', 'sb', 'atm', 'sc', 'failedReason', 'finishedOn' }

local function takeWrite()
  local queue = queueNamed(take())
  local write = { queue = queue, id = take(), token = take(), seq = take() }
  write.key = queue.key .. write.id
  write.set = takeList()
  write.delete = takeList()
  write.progress = takeOptional()
  write.children = takeJobs()
  return write
end

-- Where the answer to a write stands that has removed its job.
local function receiptOf(write)
  return prefix .. '::receipt:' .. write.token
end

local function refused(write)
  local receipt = call('GET', receiptOf(write))
  if receipt and string.match(receipt, '^(%S+)') == write.seq then return string.match(receipt, '^%S+ (.*)$') end
  local job = write.job
  if job.sc == 'JOB_CANCELLED' and job.finishedOn then return '!cancelled ' .. (job.failedReason or '') end
  return '!lost'
end

-- Proves lease and number. Answers nothing when the write may be made, else its answer.
local function prove(write)
  local values = call('HMGET', write.key, unpack(attributes))
  local job = {}
  for i, name in ipairs(attributes) do job[name] = values[i] or nil end
  job.group = job.sp
  write.job = job
  local seq, last, answer, token = string.match(job.sw or '0 0 - ', '^(%d+) (%d+) (%S+) (.*)$')
  if token == write.token and last == write.seq then return '=' .. answer end
  if call('GET', write.key .. ':lock') ~= write.token then return refused(write) end
  if tostring(tonumber(seq) + 1) ~= write.seq then return '!order ' .. seq end
end

-- The answer is part of what is written. `seq`: the checkpoint's number, when it isn't the write's.
local function save(write, answer, seq)
  for _, child in ipairs(write.children) do addJob(child) end
  local set = write.set
  local function add(name, value)
    set[#set + 1] = name
    set[#set + 1] = value
  end
  add('sw', (seq or write.seq) .. ' ' .. write.seq .. ' ' .. answer .. ' ' .. write.token)
  if write.job.stc ~= write.job.sb then add('sb', write.job.stc) end
  if write.progress then add('progress', write.progress) end
  callWithAll('HSET', write.key, set)
  if #write.delete > 0 then callWithAll('HDEL', write.key, write.delete) end
  if write.progress then tell(write.queue, 'progress', write.id, 'data', write.progress) end
end

local function endLease(write)
  call('DEL', write.key .. ':lock')
  call('LREM', write.queue.key .. 'active', -1, write.id)
end

local function priorityOf(write)
  return tonumber(write.job.priority or 0)
end

local function leaveReceipt(write, answer)
  call('SET', receiptOf(write), write.seq .. ' ' .. answer, 'PX', 60000)
end

local function park(write, waits)
  endLease(write)
  call('HSET', write.key, 'sa', packWaits(waits))
  makeWaitingChildren(write.queue, write.id, waits.due)
end

local function takeWaits()
  local waits = { groups = takeList() }
  local seen, due = takeOptional(), takeOptional()
  waits.seen = seen and tonumber(seen)
  waits.due = due and tonumber(due)
  return waits
end
