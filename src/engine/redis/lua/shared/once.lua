-- A call that is sent again is answered as the first time, and does nothing. Its arguments begin with a number of the call's own, and
-- that of its part, when it is made in several: only the last part's answer is kept.
local receiptKey, part = prefix .. '::calls:' .. take(), take()

local receipt = call('GET', receiptKey)
receipt = receipt and cmsgpack.unpack(receipt)
if receipt and receipt.part == part then return { time[1], time[2], unpack(receipt.answer) } end

-- The answer of a call that has done something.
local function once(...)
  call('SET', receiptKey, cmsgpack.pack({ part = part, answer = { ... } }), 'PX', 60000)
  return { time[1], time[2], ... }
end
