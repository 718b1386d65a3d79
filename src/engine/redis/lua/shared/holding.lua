-- What is written to a job beside its checkpoint. Answers nothing when it may be, 0 when the job isn't there, and -1 when another
-- activation than that of the token holds it.
local function refusalTo(key, token)
  if call('EXISTS', key) == 0 then return 0 end
  local lock = token and call('GET', key .. ':lock')
  if lock and lock ~= token then return -1 end
end

-- A write of the activation that holds the job: its stalls count anew.
local function noteWrite(key, token)
  if not token or call('GET', key .. ':lock') ~= token then return end
  local stalled = call('HGET', key, 'stc')
  if stalled then call('HSET', key, 'sb', stalled) end
end
