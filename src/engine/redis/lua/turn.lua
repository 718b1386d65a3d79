#!lua flags=allow-oom
-- What the activations of one process have to tell the store in one turn of its event loop, and the claims that it makes.
-- ARGV: a number of the call's own, the number of writes, then per write its kind and arguments; then claims likewise.
-- Answers the time, and per write and claim an answer of its own: a lost lease spoils no other.
--- @include "shared/store"
--- @include "shared/places"

-- Kinds of writes, what comes with them, and what is seldom needed of all below.
local writes, arguments, rare = {}, {}, {}
--- @include "shared/writing"
--- @include "shared/claiming"
--- @include "writes/checkpoint"
--- @include "writes/move-to-delayed"
--- @include "writes/complete"
--- @include "writes/release"

-- What is seldom needed is defined when it is: to define it costs more than a plain job does.
setmetatable(rare, {
  __index = function(self, name)
--- @include "shared/children"
--- @include "shared/adding"
--- @include "shared/finishing"
--- @include "shared/writing-rarely"
--- @include "shared/claiming-rarely"
--- @include "writes/complete-rarely"
--- @include "writes/fail"
--- @include "writes/move-to-waiting-children"
    local defined = {
      define = function() end,
      takeJob = takeJob,
      addJob = addJob,
      endDeduplication = endDeduplication,
      trimFinished = trimFinished,
      groupOf = groupOf,
      childCompleted = childCompleted,
      refused = refused,
      leaveReceipt = leaveReceipt,
      promoteDue = promoteDue,
      visibleOf = visibleOf,
      isTooSoon = isTooSoon,
      failDeferred = failDeferred,
      countOnLimiter = countOnLimiter,
      claimAgain = claimAgain,
      waitForChildren = waitForChildren,
      dropCheckpoint = dropCheckpoint,
    }
    for each, value in pairs(defined) do rawset(self, each, value) end
    return defined[name]
  end,
})

local function answerTo(kind, write, ...)
  return prove(write, kind ~= 'checkpoint') or writes[kind](write, ...)
end

local callId = take()
local answers = {}
for i = 1, tonumber(take()) do
  local kind, write = take(), takeWrite()
  if not writes[kind] then rare.define() end
  local takeArguments = arguments[kind]
  local done, answer
  if takeArguments then done, answer = pcall(answerTo, kind, write, takeArguments())
  else done, answer = pcall(answerTo, kind, write) end
  answers[i] = done and answer or '!error ' .. tostring(type(answer) == 'table' and answer.err or answer)
end
deleteEndedLocks()

local receiptKey = prefix .. '::claims:' .. callId
local claims = tonumber(take())
if claims > 0 then
  local taken = call('GET', receiptKey)
  local takenBefore = taken and cmsgpack.unpack(taken)
  local takenNow = {}
  for i = 1, claims do
    local queue, limit, lockDuration, owner, number = queueNamed(take()), tonumber(take()), take(), take(), tonumber(take())
    if takenBefore then
      answers[#answers + 1] = rare.claimAgain(queue, owner, takenBefore[i])
    else
      local answer = claim(queue, limit, lockDuration, owner, number)
      takenNow[i] = {}
      for place = 1, #answer[4], 3 do
        takenNow[i][#takenNow[i] + 1] = answer[4][place]
        takenNow[i][#takenNow[i] + 1] = answer[4][place + 1]
      end
      answers[#answers + 1] = answer
    end
  end
  if not takenBefore then call('SET', receiptKey, cmsgpack.pack(takenNow), 'PX', 60000) end
end
leave()
return { time[1], time[2], cmsgpack.pack(answers) }
