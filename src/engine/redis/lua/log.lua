-- ARGV: queue, id, row. Keeps as many rows as the job's option says. Answers the time.
--- @include "shared/store"

local key, row = queueNamed(take()).key .. take(), take()
local opts = call('HGET', key, 'opts')
if not opts then return { time[1], time[2] } end
call('RPUSH', key .. ':logs', row)
local keep = string.match(opts, '"kl":(%d+)')
if keep then call('LTRIM', key .. ':logs', -keep, -1) end
return { time[1], time[2] }
