-- Adds jobs. ARGV: a number of the call's own, the number of jobs, the jobs. Answers the time and their ids.
--- @include "shared/store"
--- @include "shared/places"

-- What is needed of parents only is defined when there is one.
local rare = setmetatable({}, {
  __index = function(self, name)
--- @include "shared/children"
    self.statusOf, self.chunksOf, self.readChunk = statusOf, chunksOf, readChunk
    return rawget(self, name)
  end,
})
--- @include "shared/adding"

local receiptKey = prefix .. '::adds:' .. take()
local packed = call('GET', receiptKey)
if not packed then
  local ids = {}
  for i, job in ipairs(takeJobs()) do ids[i] = addJob(job) end
  writeChunks()
  packed = cmsgpack.pack(ids)
  call('SET', receiptKey, packed, 'PX', 60000)
  leave()
end
return { time[1], time[2], packed }
