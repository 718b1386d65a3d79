local function answerWith(queue, ids, state)
  local answers = { time[1], time[2], lastEventOf(queue) }
  for _, id in ipairs(ids) do
    local fields = call('HGETALL', queue.key .. id)
    if #fields > 0 then
      local place, due = placeOf(queue, id)
      answers[#answers + 1] = id
      answers[#answers + 1] = place
      answers[#answers + 1] = due or ''
      answers[#answers + 1] = fields
    end
  end
  return answers
end
