-- Adds jobs. ARGV: a number of the call's own, the number of lists, per list the number of jobs, the jobs; each list is added wholly
-- or, when a parent is missing, not at all. Answers the time and the ids of all; of a list that was not added, {the missing
-- parent's key} for each.
--- @include "shared/store"
--- @include "shared/places"

-- What few jobs need is defined when one does.
local rare = setmetatable({}, {
  __index = function(self, name)
--- @include "shared/children"
--- @include "shared/deduplicating"
--- @include "shared/turning-away"
--- @include "shared/adding-rarely"
    local defined = {
      statusOf = statusOf,
      chunksOf = chunksOf,
      readChunk = readChunk,
      missingParentOf = missingParentOf,
      turnedAwayBy = turnedAwayBy,
      awaitChildren = awaitChildren,
      releaseParents = releaseParents,
    }
    for each, value in pairs(defined) do rawset(self, each, value) end
    return defined[name]
  end,
})
--- @include "shared/adding"

local receiptKey = prefix .. '::adds:' .. take()
local packed = call('GET', receiptKey)
if not packed then
  local ids = {}
  for _ = 1, tonumber(take()) do
    local jobs = takeJobs()
    local missing = jobs.haveParents and rare.missingParentOf(jobs)
    for _, job in ipairs(jobs) do ids[#ids + 1] = missing and { missing } or addJob(job) end
  end
  finishAdding()
  packed = cmsgpack.pack(ids)
  call('SET', receiptKey, packed, 'PX', 60000)
  leave()
end
return { time[1], time[2], packed }
