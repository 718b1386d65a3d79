#!lua flags=allow-oom
-- What the activations of one process have to tell the store in one turn of its event loop, and the claims that it makes.
-- ARGV: a number of the call's own, the number of writes, then per write its kind and arguments; then claims likewise. Before a
-- kind, `wished` and what shared/finishing.lua says may come.
-- Answers the time, and per write and claim an answer of its own: a lost lease spoils no other.
--- @include "shared/store"
--- @include "shared/places"

-- Kinds of writes, what comes with them, and what is seldom needed of all below.
local writes, arguments, rare = {}, {}, {}
-- Whether one of those that complete has children, pending or failed.
local mayHaveChildren
--- @include "shared/writing"
--- @include "shared/claiming"
--- @include "shared/claims"
--- @include "writes/checkpoint"
--- @include "writes/move-to-delayed"
--- @include "writes/complete"
--- @include "writes/release"

-- What is seldom needed is defined when it is: to define it costs more than a plain job does.
setmetatable(rare, {
  __index = function(self, name)
--- @include "shared/children"
--- @include "shared/deduplicating"
--- @include "shared/turning-away"
--- @include "shared/adding-rarely"
--- @include "shared/adding"
--- @include "shared/finishing"
--- @include "shared/writing-rarely"
--- @include "shared/claiming-rarely"
--- @include "writes/complete-rarely"
--- @include "writes/fail"
--- @include "writes/move-to-waiting-children"
    local defined = {
      define = function() end,
      statusOf = statusOf,
      chunksOf = chunksOf,
      readChunk = readChunk,
      missingParentOf = missingParentOf,
      turnedAwayBy = turnedAwayBy,
      awaitChildren = awaitChildren,
      releaseParents = releaseParents,
      takeJobs = takeJobs,
      addJob = addJob,
      finishAdding = finishAdding,
      endDeduplication = endDeduplication,
      settle = settle,
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

-- Why the children of a write can't be added, if they can't.
local function refuseChildren(children)
  local missing = children and children.haveParents and rare.missingParentOf(children)
  return missing and '!parent ' .. missing
end

local function answerTo(pending, lock)
  local write = pending.write
  return prove(write, lock) or refuseChildren(write.children) or writes[pending.kind](write, pending.first, pending.second)
end

local callId = take()
local pending, locks, dependencies = {}, {}, {}
for i = 1, tonumber(take()) do
  local kind, finishing = take(), nil
  if kind == 'wished' then finishing, kind = take(), take() end -- what the worker wishes for a job that finishes
  local each = { kind = kind, write = takeWrite() }
  each.write.finishing = finishing
  if not writes[each.kind] then rare.define() end
  if arguments[each.kind] then each.first, each.second = arguments[each.kind]() end
  if each.kind == 'complete' then
    dependencies[#dependencies + 1] = each.write.key .. ':dependencies'
    dependencies[#dependencies + 1] = each.write.key .. ':unsuccessful'
  end
  pending[i], locks[i] = each, each.write.key .. ':lock'
end
mayHaveChildren = #dependencies > 0 and call('EXISTS', unpack(dependencies)) > 0
if #locks > 0 then locks = call('MGET', unpack(locks)) end

local answers = {}
for i, each in ipairs(pending) do
  local ended = #endedLocks
  local done, answer = pcall(answerTo, each, locks[i])
  if not done and #endedLocks > ended then -- as if its worker had died: the lease decides
    endedLocks[#endedLocks] = nil
    call('LPUSH', each.write.queue.active, each.write.id)
  end
  answers[i] = done and answer or '!error ' .. tostring(type(answer) == 'table' and answer.err or answer)
end
deleteEndedLocks()

makeClaims(callId, answers)
leave()
return { time[1], time[2], cmsgpack.pack(answers) }
