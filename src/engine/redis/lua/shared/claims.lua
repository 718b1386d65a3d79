-- The arguments of a claim. `wishes`: the worker's name, the most jobs in a time and that time, what is done with jobs that finish
-- on it (see shared/finishing.lua), each if there is one; nothing when there is none.
local function takeClaim()
  local each = { queue = queueNamed(take()), limit = tonumber(take()), lockDuration = take(), owner = take(), number = tonumber(take()) }
  if take() == '1' then
    local worker, max, duration, finishing = takeOptional(), takeOptional(), takeOptional(), takeOptional()
    each.wishes = { worker = worker, max = max and tonumber(max), duration = duration and tonumber(duration), finishing = finishing }
  end
  return each
end

-- Makes the claims of a call. A call that is sent again answers what it had taken, and still holds.
local function makeClaims(callId, answers)
  local claims = tonumber(take())
  if claims == 0 then return end
  local receiptKey = prefix .. '::claims:' .. callId
  local receipt = call('GET', receiptKey)
  local takenBefore, takenNow, count = receipt and cmsgpack.unpack(receipt), {}, 0
  for i = 1, claims do
    local each = takeClaim()
    if takenBefore then
      answers[#answers + 1] = rare.claimAgain(each.queue, takenBefore[i])
    else
      local answer = claim(each.queue, each.limit, each.lockDuration, each.owner, each.number, each.wishes)
      answers[#answers + 1] = answer
      local taken, claimed = {}, answer[4]
      for place = 1, #claimed, 3 do
        taken[#taken + 1] = claimed[place]
        taken[#taken + 1] = claimed[place + 1]
      end
      takenNow[i] = taken
      count = count + #taken
    end
  end
  if count > 0 then call('SET', receiptKey, cmsgpack.pack(takenNow), 'PX', 60000) end
end
