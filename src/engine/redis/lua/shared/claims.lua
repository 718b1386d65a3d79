-- Makes the claims of a call. A call that is sent again answers what it had taken, and still holds.
local function makeClaims(callId, answers)
  local claims = tonumber(take())
  if claims == 0 then return end
  local receiptKey = prefix .. '::claims:' .. callId
  local receipt = call('GET', receiptKey)
  local takenBefore, takenNow, count = receipt and cmsgpack.unpack(receipt), {}, 0
  for i = 1, claims do
    local queue, limit, lockDuration, owner, number = queueNamed(take()), tonumber(take()), take(), take(), tonumber(take())
    if takenBefore then
      answers[#answers + 1] = rare.claimAgain(queue, owner, takenBefore[i])
    else
      local answer = claim(queue, limit, lockDuration, owner, number)
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
