-- What was saved before goes with the job's completion.
local function dropCheckpoint(write)
  local saved = { write.hasProgress and 'progress' or nil }
  for _, name in ipairs(call('HKEYS', write.key)) do
    if string.sub(name, 1, 3) == 'ss:' then saved[#saved + 1] = name end
  end
  callWithAll('HDEL', write.key, saved)
end

-- Parks the job instead while children are pending; fails to when more have failed than the runner knows of.
local function waitForChildren(write, failuresSeen)
  local key = write.key
  if call('ZCARD', key .. ':unsuccessful') > failuresSeen then return '=failed-children' end
  addChildren(write)
  local waits = { groups = {}, seen = failuresSeen }
  if isSettled(key, waits) then return end
  save(write, 'waiting-children')
  park(write, waits)
  return '=waiting-children'
end

