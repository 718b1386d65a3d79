-- What was saved before goes with the job's completion.
local function dropCheckpoint(write)
  local saved = { 'sr', write.hasProgress and 'progress' or nil }
  for _, name in ipairs(call('HKEYS', write.key)) do
    if string.sub(name, 1, 3) == 'ss:' then saved[#saved + 1] = name end
  end
  callWithAll('HDEL', write.key, saved)
end

-- Parks the job instead, its result saved as `sr` (0, or 1 and the result), while children are pending; fails to when more have failed
-- than the runner knows of.
local function waitForChildren(write, result, failuresSeen)
  local key = write.key
  if call('ZCARD', key .. ':unsuccessful') > failuresSeen then return '=failed-children' end
  addChildren(write)
  local waits = { groups = {}, seen = failuresSeen }
  if isSettled(key, waits) then return end
  save(write, 'waiting-children')
  call('HSET', key, 'sr', result and '1' .. result or '0')
  park(write, waits)
  return '=waiting-children'
end

