#!lua flags=allow-oom
-- Fails a job that hasn't finished, and its unfinished children. ARGV: queue, id, reason. Answers the time and whether it did.
--- @include "shared/store"
--- @include "shared/once"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/children"
--- @include "shared/deduplicating"
--- @include "shared/finishing"

local function cancel(queue, id, reason)
  local key = queue.key .. id
  local values = call('HMGET', key, 'name', 'finishedOn', 'sw', 'parent', 'opts', 'deid')
  if not values[1] or values[2] then return 0 end
  local children = unfinishedChildren(key)
  local prev = takeOut(queue, id)
  queue.freed = prev == 'active' or queue.freed
  call('DEL', key .. ':lock')
  call('HDEL', key, 'sa')
  -- a write of its own: what the last one said of the job's sleep is over
  local seq, rest = string.match(values[3] or '', '^(%d+) (.*)$')
  if seq and seq ~= '0' then call('HSET', key, 'sw', digits(seq + 1) .. ' ' .. rest) end
  noteAttempts(key)
  -- the parent first: it must not be woken by the end of its children
  local job = { parent = values[4], opts = values[5], deid = values[6], prev = prev }
  failForGood(queue, id, job, reason, 'JOB_CANCELLED')
  for _, child in ipairs(children) do cancel(child.queue, child.id, reason) end
  return 1
end

local queue, id = queueNamed(take()), take()
local done = cancel(queue, id, take())
leave()
return once(done)
