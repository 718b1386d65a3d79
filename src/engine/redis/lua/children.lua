#!lua flags=no-writes
-- ARGV: queue, id, a group if one is asked for. Answers the time, and per child: key, group, policy, status, and what it
-- came to. In the order in which they were added; those that other clients added last, by their keys.
--- @include "shared/store"
--- @include "shared/children"

local parentKey = queueNamed(take()).key .. take()
local wanted = takeOptional()

-- `policy`: of those whose own hash may be gone.
local status, value, policy = {}, {}, {}
local function note(state, pairsOf)
  for i = 1, #pairsOf, 2 do status[pairsOf[i]], value[pairsOf[i]] = state, pairsOf[i + 1] end
end
note('completed', call('HGETALL', parentKey .. ':processed'))
note('failed', call('HGETALL', parentKey .. ':failed'))
for _, key in ipairs(call('ZRANGE', parentKey .. ':unsuccessful', 0, -1)) do
  status[key], value[key] = 'failed', call('HGET', parentKey, 'sf:' .. key) or call('HGET', key, 'failedReason') or ''
  policy[key] = 'fail'
end
for _, key in ipairs(call('SMEMBERS', parentKey .. ':dependencies')) do status[key], value[key] = 'pending', nil end

local answers = { time[1], time[2] }
local function answer(key, group, onFailure)
  if wanted and group ~= wanted then return end
  for _, each in ipairs({ key, group or '', onFailure, status[key], value[key] or '' }) do answers[#answers + 1] = each end
end

-- the last time that a child was added counts
local listed, last = {}, {}
for number = 1, chunksOf(parentKey) do
  local chunk = readChunk(parentKey, number)
  for i = 4, #chunk do
    local key = chunk[3] .. chunk[i]
    listed[#listed + 1] = { key, chunk[1], chunk[2] }
    last[key] = #listed
  end
end
for place, child in ipairs(listed) do
  if status[child[1]] and last[child[1]] == place then answer(child[1], child[2] or nil, child[3]) end
end

local policies = { { 'fpof', 'fail' }, { 'cpof', 'continue' }, { 'idof', 'ignore' }, { 'rdof', 'remove' } }
-- By the flag in the child's hash, as BullMQ's clients write it.
local function policyOf(key)
  if policy[key] then return policy[key] end
  local parent = call('HGET', key, 'parent') or ''
  for _, each in ipairs(policies) do
    if string.find(parent, '"' .. each[1] .. '":true', 1, true) then return each[2] end
  end
  return status[key] == 'failed' and 'ignore' or 'wait'
end

local attached = {}
for key in pairs(status) do if not last[key] then attached[#attached + 1] = key end end
table.sort(attached)
for _, key in ipairs(attached) do answer(key, nil, policyOf(key)) end
return answers
