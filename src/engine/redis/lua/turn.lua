#!lua flags=allow-oom
-- What the activations of one process have to tell the store in one turn of its event loop, and the claims that it makes.
-- ARGV: a number of the call's own, the number of writes, then per write its kind and arguments; then claims likewise.
-- Answers the time, and per write and claim an answer of its own: a lost lease spoils no other.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/children"
--- @include "shared/adding"
--- @include "shared/finishing"
--- @include "shared/writing"
--- @include "shared/claiming"

local writes = {}
--- @include "writes/checkpoint"
--- @include "writes/move-to-delayed"
--- @include "writes/move-to-waiting-children"
--- @include "writes/complete"
--- @include "writes/fail"
--- @include "writes/release"

local function noArguments() end

local arguments = {
  checkpoint = noArguments,
  moveToDelayed = function() return tonumber(take()) end,
  moveToWaitingChildren = takeWaits,
  complete = function() return takeOptional(), tonumber(take()) end,
  fail = function()
    local failure = { reason = take(), code = takeOptional(), stack = takeOptional(), retryAt = takeOptional() }
    failure.retryAt = failure.retryAt and tonumber(failure.retryAt)
    return failure
  end,
  release = noArguments,
}

local function answerTo(kind, write, ...)
  return prove(write) or writes[kind](write, ...)
end

local function takeWriteOf(kind)
  local write = takeWrite()
  return kind, write, arguments[kind]()
end

local callId = take()
local answers = { time[1], time[2] }
for _ = 1, tonumber(take()) do
  local done, answer = pcall(answerTo, takeWriteOf(take()))
  answers[#answers + 1] = done and answer or '!error ' .. tostring(type(answer) == 'table' and answer.err or answer)
end

local receiptKey = prefix .. '::claims:' .. callId
local claims = tonumber(take())
if claims > 0 then
  local taken = call('GET', receiptKey)
  local takenBefore = taken and cmsgpack.unpack(taken)
  local takenNow = {}
  for i = 1, claims do
    local queue, limit, lockDuration, owner, number = queueNamed(take()), tonumber(take()), take(), take(), tonumber(take())
    if takenBefore then
      answers[#answers + 1] = claimAgain(queue, owner, takenBefore[i])
    else
      local answer = claim(queue, limit, lockDuration, owner, number)
      takenNow[i] = {}
      for place = 1, #answer[3], 3 do
        takenNow[i][#takenNow[i] + 1] = answer[3][place]
        takenNow[i][#takenNow[i] + 1] = answer[3][place + 1]
      end
      answers[#answers + 1] = answer
    end
  end
  if not takenBefore then call('SET', receiptKey, cmsgpack.pack(takenNow), 'PX', 60000) end
end
leave()
return answers
