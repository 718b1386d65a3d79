-- Where the answer to a write stands that has removed its job.
local function receiptOf(write)
  return prefix .. '::receipt:' .. write.token
end

local function refused(write)
  local receipt = call('GET', receiptOf(write))
  if receipt and string.match(receipt, '^(%S+)') == write.seq then return string.match(receipt, '^%S+ (.*)$') end
  local values = call('HMGET', write.key, 'sc', 'failedReason', 'finishedOn')
  if values[1] == 'JOB_CANCELLED' and values[3] then return '!cancelled ' .. (values[2] or '') end
  return '!lost'
end

local function leaveReceipt(write, answer)
  call('SET', receiptOf(write), write.seq .. ' ' .. answer, 'PX', 60000)
end

local function park(write, waits)
  endLease(write)
  call('HSET', write.key, 'sa', packWaits(waits), 'delay', 0) -- by it BullMQ's workers would delay what they wake
  makeWaitingChildren(write.queue, write.id, nextLookAt(write.key, waits))
end

local function takeWaits()
  local waits = { groups = takeList() }
  local seen, due = takeOptional(), takeOptional()
  waits.seen = seen and tonumber(seen)
  waits.due = due and tonumber(due)
  return waits
end
