#!lua flags=no-writes
-- ARGV: queue, some schedulers; or none of them, and the first and last place, and 1 when those that are due next come first. Answers the
-- time, and per scheduler that is there: id, when its next job is due, its hash.
--- @include "shared/store"

local queue, ids = queueNamed(take()), takeList()
if #ids == 0 then
  local first, last, ascending = take(), take(), take() == '1'
  ids = call(ascending and 'ZRANGE' or 'ZREVRANGE', queue.key .. 'repeat', first, last)
end
local answers = { time[1], time[2] }
for _, id in ipairs(ids) do
  local due = call('ZSCORE', queue.key .. 'repeat', id)
  local fields = due and call('HGETALL', queue.key .. 'repeat:' .. id) or {}
  if #fields > 0 then
    for _, each in ipairs({ id, due, fields }) do answers[#answers + 1] = each end
  end
end
return answers
