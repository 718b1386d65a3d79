#!lua flags=allow-oom
-- Puts active jobs back whose lease has run out, or is one of a dead owner's. ARGV: queue, how often a job may stall, the
-- dead owners, the first of the up to 1,000 active jobs to look at (the newest is 0).
-- Answers the time, per job that was recovered its id and where it went, then the number of jobs looked at and left, and
-- the owners of their leases.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/children"
--- @include "shared/deduplicating"
--- @include "shared/finishing"

local queue = queueNamed(take())
local maxStalledCount = tonumber(take())
local dead = {}
for _, owner in ipairs(takeList()) do dead[owner] = true end
local first = tonumber(take())

local ids = call('LRANGE', queue.key .. 'active', first, first + 999)
local recovered, owners, owned = {}, {}, {}
local left = 0
for _, id in ipairs(ids) do
  local key = queue.key .. id
  local token = call('GET', key .. ':lock')
  local owner = token and (string.match(token, '^(%d+:[^:]+):') or token)
  if token and not dead[owner] then
    left = left + 1
    if not owned[owner] then
      owned[owner] = true
      owners[#owners + 1] = owner
    end
  else
    call('LREM', queue.key .. 'active', 1, id)
    local values = call('HMGET', key, 'name', 'sb', 'priority', 'parent', 'opts', 'deid')
    if values[1] then
      call('DEL', key .. ':lock')
      local stalled = call('HINCRBY', key, 'stc', 1)
      tell(queue, 'stalled', id)
      recovered[#recovered + 1] = id
      if stalled - (values[2] or 0) <= maxStalledCount then
        makeReady(queue, id, tonumber(values[3] or 0), true, 'active')
        recovered[#recovered + 1] = 'waiting'
      else
        call('HSET', key, 'sb', stalled) -- a retry begins anew, be it BullMQ's
        noteAttempts(key)
        local job = { parent = values[4], opts = values[5], deid = values[6] }
        failForGood(queue, id, job, 'job stalled more than allowable limit', 'JOB_STALLED')
        recovered[#recovered + 1] = 'failed'
      end
    end
  end
end
-- who was woken for what is ready may have died before its claim, or stand still: others would wait for ever
local due = nextDueOf(queue)
if call('EXISTS', queue.wait, queue.prioritized) > 0 or due and due <= now then queue.ready = true end
leave()
return { time[1], time[2], recovered, #ids == 1000 and left or 0, owners }
