-- Adds jobs. ARGV: a number of the call's own, the number of jobs, the jobs. Answers the time and their ids.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/children"
--- @include "shared/adding"

local receiptKey = prefix .. '::adds:' .. take()
local before = call('GET', receiptKey)
if before then return cmsgpack.unpack(before) end
local answers = { time[1], time[2] }
for _, job in ipairs(takeJobs()) do answers[#answers + 1] = addJob(job) end
call('SET', receiptKey, cmsgpack.pack(answers), 'PX', 60000)
leave()
return answers
