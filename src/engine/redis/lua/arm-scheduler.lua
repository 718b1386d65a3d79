#!lua flags=allow-oom
-- Adds the next job of a scheduler when one of its jobs has been claimed; does nothing when it was not the armed one, or the
-- scheduler is gone. ARGV: queue, scheduler, the claimed job, the options of the next one as JSON, but for its id and delay, when that is
-- due if a pattern says so. Answers the time, and 1 when there is a job by that id already, and nothing was done.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/scheduling"

local queue, scheduler, claimed, opts, byPattern = queueNamed(take()), take(), take(), take(), takeOptional()
local key = queue.key .. 'repeat:' .. scheduler
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')
if not armed or claimed ~= scheduledId(scheduler, armed) then return { time[1], time[2], 0 } end

local values = call('HMGET', key, 'name', 'data', 'every', 'offset', 'su')
local own = cjson.decode(opts)['repeat'] -- one that doesn't say its interval has it from its jobs
local every = tonumber(values[3] or own.every or '')
local due = every and nextOfInterval(every, tonumber(values[4] or own.offset or 0), armed) or tonumber(byPattern or '')
if not due or not values[1] then return { time[1], time[2], 0 } end
due = freeTime(queue, scheduler, due, every)
if not due then return { time[1], time[2], 1 } end
call('ZADD', queue.key .. 'repeat', digits(due), scheduler)
call('HINCRBY', key, 'ic', 1)
addScheduled(queue, scheduler, due, values[1], not values[5] and (values[2] or '{}'), opts)
leave()
return { time[1], time[2], 0 }
