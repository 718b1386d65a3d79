-- How scripts answer with jobs: the time, the number of the queue's last event, the ids that are too many for one call, and per
-- job that exists: id, state, due, hash.
local function answerWith(queue, ids, state)
  local rest = {}
  local answers = { time[1], time[2], lastEventOf(queue), rest }
  for place, id in ipairs(ids) do
    local fields = place <= 1000 and call('HGETALL', queue.key .. id) or {}
    if place > 1000 then
      rest[#rest + 1] = id
    elseif #fields > 0 then
      local where = state or stateOf(queue, id)
      answers[#answers + 1] = id
      answers[#answers + 1] = where
      answers[#answers + 1] = dueOf(queue, id, where) or ''
      answers[#answers + 1] = fields
    end
  end
  return answers
end
