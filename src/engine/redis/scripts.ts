// Made by scripts/lua.js of the sources in lua/: change those, then `npm run lua`.
import { script } from './script.js';

const sharedAdding = String.raw`local function takeJob()
local job = {
queue = take(),
name = take(),
data = takeOptional(),
opts = take(),
timestamp = take(),
delay = take(),
priority = take(),
lifo = take() == '1',
id = takeOptional(),
}
job.parentQueue = takeOptional()
if job.parentQueue then
job.parentId = take()
job.parent = take()
job.policy = take()
job.group = takeOptional()
end
return job
end
local function takeJobs()
local jobs = {}
for i = 1, tonumber(take()) do jobs[i] = takeJob() end
return jobs
end
local parents = {}
local function parentAt(key)
local parent = parents[key]
if not parent then
local families = call('EXISTS', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
parent = { key = key, exists = call('EXISTS', key) == 1, hasChildren = families > 0, added = {} }
parents[key] = parent
end
return parent
end
local function writeChunk(parent)
call('HSET', parent.key, 'sn', parent.count, 'sk:' .. parent.count, cmsgpack.pack(parent.chunk))
end
local function addToChunks(parent, group, policy, queueKey, id)
if not parent.count then
parent.count = rare.chunksOf(parent.key)
parent.chunk = parent.count > 0 and rare.readChunk(parent.key, parent.count) or {}
end
local chunk = parent.chunk
if #chunk < 4 or #chunk >= 103 or chunk[1] ~= group or chunk[2] ~= policy or chunk[3] ~= queueKey then
if parent.isChanged then writeChunk(parent) end
chunk = { group, policy, queueKey }
parent.chunk, parent.count = chunk, parent.count + 1
end
chunk[#chunk + 1] = id
parent.isChanged = true
end
local function writeChunks()
for _, parent in pairs(parents) do
if parent.isChanged then writeChunk(parent) end
parent.isChanged = false
end
end
local function addJob(job)
local queue = queueNamed(job.queue)
local counter = call('INCR', queue.key .. 'id')
local id = job.id or digits(counter)
local key = queue.key .. id
local parentKey = job.parent and prefix .. ':' .. job.parentQueue .. ':' .. job.parentId
local parent = parentKey and parentAt(parentKey)
if job.id then
if parent and (parent.added[key] or parent.hasChildren and rare.statusOf(parentKey, key)) then return id end
if call('EXISTS', key) == 1 then
tell(queue, 'duplicated', id)
return id
end
end
local fields = { 'name', job.name, 'opts', job.opts, 'timestamp', job.timestamp, 'delay', job.delay, 'priority', job.priority }
local function set(name, value)
if not value then return end
fields[#fields + 1] = name
fields[#fields + 1] = value
end
set('data', job.data)
if job.parent then
set('parentKey', parentKey)
set('parent', job.parent)
set('sp', job.group)
end
call('HSET', key, unpack(fields))
tell(queue, 'added', id, 'name', job.name)
if parent and parent.exists then
call('SADD', parentKey .. ':dependencies', key)
parent.added[key] = true
addToChunks(parent, job.group or false, job.policy, queue.key, id)
end
if tonumber(job.delay) > 0 then makeDelayed(queue, id, job.timestamp + job.delay)
else makeReady(queue, id, tonumber(job.priority), job.lifo) end
return id
end`;

const sharedChildren = String.raw`local function readChunk(parentKey, number)
return cmsgpack.unpack(call('HGET', parentKey, 'sk:' .. number))
end
local function chunksOf(parentKey)
return tonumber(call('HGET', parentKey, 'sn') or 0)
end
local function statusOf(parentKey, childKey)
if call('SISMEMBER', parentKey .. ':dependencies', childKey) == 1 then return 'pending' end
if call('HEXISTS', parentKey .. ':processed', childKey) == 1 then return 'completed' end
if call('HEXISTS', parentKey .. ':failed', childKey) == 1 then return 'failed' end
if call('ZSCORE', parentKey .. ':unsuccessful', childKey) then return 'failed' end
end
local function pendingChildren(parentKey)
local pending, count, keys = {}, 0, {}
for _, key in ipairs(call('SMEMBERS', parentKey .. ':dependencies')) do
pending[key] = true
count = count + 1
end
if count == 0 then return keys end
local function list(key)
if pending[key] then keys[#keys + 1] = key end
pending[key] = nil
end
for number = 1, chunksOf(parentKey) do
local chunk = readChunk(parentKey, number)
for i = 4, #chunk do list(chunk[3] .. chunk[i]) end
end
local attached = {}
for key in pairs(pending) do attached[#attached + 1] = key end
table.sort(attached)
for _, key in ipairs(attached) do list(key) end
return keys
end
local function unfinishedChildren(parentKey)
local children = {}
local pattern = '^(' .. string.gsub(prefix, '%p', '%%%0') .. ':[^:]*:)(.*)$'
for _, key in ipairs(pendingChildren(parentKey)) do
local queueKey, id = string.match(key, pattern)
if queueKey and call('HGET', key, 'parentKey') == parentKey then children[#children + 1] = { queue = queueAt(queueKey), id = id } end
end
return children
end
local function findPending(parentKey, group, from)
for number = from, 1, -1 do
local chunk = readChunk(parentKey, number)
if chunk[1] == group then
for i = #chunk, 4, -1 do
local key = chunk[3] .. chunk[i]
if call('SISMEMBER', parentKey .. ':dependencies', key) == 1 then return number, key end
end
end
end
end
local function isGroupDone(parentKey, group)
local witness = call('HGET', parentKey, 'sx:' .. group)
local from, key
if witness then
from, key = string.match(witness, '^(%d+) (.*)$')
if call('SISMEMBER', parentKey .. ':dependencies', key) == 1 then return false end
from, key = findPending(parentKey, group, tonumber(from))
end
if not key then from, key = findPending(parentKey, group, chunksOf(parentKey)) end
if not key then return true end
call('HSET', parentKey, 'sx:' .. group, from .. ' ' .. key)
return false
end
local function isGroupBroken(parentKey, group)
local seen = {}
for number = chunksOf(parentKey), 1, -1 do
local chunk = readChunk(parentKey, number)
if chunk[1] == group then
for i = #chunk, 4, -1 do
local key = chunk[3] .. chunk[i]
if not seen[key] and chunk[2] == 'continue' then
local status = statusOf(parentKey, key)
if not status or status == 'failed' then return true end
end
seen[key] = true
end
end
end
return false
end
local function isSettled(parentKey, waits)
if not waits.seen and #waits.groups == 0 then return waits.due == nil end -- else nothing would ever wake it
if waits.seen then
if call('SCARD', parentKey .. ':dependencies') == 0 then return true end
if call('ZCARD', parentKey .. ':unsuccessful') > waits.seen then return true end
end
for _, group in ipairs(waits.groups) do
if isGroupDone(parentKey, group) or isGroupBroken(parentKey, group) then return true end
end
return false
end
local function packWaits(waits)
return cmsgpack.pack({ waits.seen and tostring(waits.seen) or false, waits.due and digits(math.ceil(waits.due)) or false, unpack(waits.groups) })
end
local function unpackWaits(packed)
local values = cmsgpack.unpack(packed)
return { seen = values[1] and tonumber(values[1]), due = values[2] and tonumber(values[2]), groups = { unpack(values, 3) } }
end
local function othersPend(parentKey, groups)
local isOwn = {}
for _, group in ipairs(groups) do isOwn[group] = true end
local others = call('SCARD', parentKey .. ':dependencies')
for number = 1, chunksOf(parentKey) do
local chunk = readChunk(parentKey, number)
if isOwn[chunk[1]] then
local keys = {}
for i = 4, #chunk do keys[#keys + 1] = chunk[3] .. chunk[i] end
for _, pending in ipairs(call('SMISMEMBER', parentKey .. ':dependencies', unpack(keys))) do others = others - pending end
end
end
return others > 0
end
local function nextLookAt(parentKey, waits)
if #waits.groups == 0 or not othersPend(parentKey, waits.groups) then return waits.due end
return math.min(waits.due or math.huge, now + 5000)
end
local function readParent(parent)
local readable, link = pcall(cjson.decode, parent)
if not readable or type(link) ~= 'table' or string.sub(link.queueKey or '', 1, #prefix + 1) ~= prefix .. ':' then return end
link.queue = queueAt(link.queueKey .. ':')
link.key = link.queue.key .. link.id
return link
end
local function wakePlainParent(link, priority, delay)
call('ZREM', link.queue.key .. 'waiting-children', link.id)
if delay > 0 then makeDelayed(link.queue, link.id, now + delay)
else makeReady(link.queue, link.id, priority, true, 'waiting-children') end
end
local function wakeParent(link, childKey, group, broke)
if not call('ZSCORE', link.queue.key .. 'waiting-children', link.id) then return end
local values = call('HMGET', link.key, 'sa', 'priority', 'delay')
local priority, delay = tonumber(values[2] or 0), tonumber(values[3] or 0)
if not values[1] then
if broke or call('SCARD', link.key .. ':dependencies') == 0 then wakePlainParent(link, priority, delay) end
return
end
local waits = unpackWaits(values[1])
local settled = waits.seen
and (call('SCARD', link.key .. ':dependencies') == 0 or call('ZCARD', link.key .. ':unsuccessful') > waits.seen)
for _, each in ipairs(waits.groups) do
settled = settled or each == group and (broke or isGroupDone(link.key, group))
end
if not settled then return end
call('ZREM', link.queue.key .. 'waiting-children', link.id)
call('HDEL', link.key, 'sa')
makeReady(link.queue, link.id, priority, true, 'waiting-children')
end
local function deferFailure(link, childKey)
local values = call('HMGET', link.key, 'sa', 'priority', 'sw', 'ats')
if values[1] then return end -- ours asks for its children itself
local isTheirs = values[4] and not values[3]
if call('ZREM', link.queue.key .. 'waiting-children', link.id) == 0
and not (isTheirs and call('ZREM', link.queue.key .. 'delayed', link.id) == 1) then return end
call('HSET', link.key, 'defa', 'child ' .. childKey .. ' failed', 'delay', 0)
makeReady(link.queue, link.id, tonumber(values[2] or 0), true, 'waiting-children')
end
local function childCompleted(parent, childKey, group, value)
local link = readParent(parent)
if not link then return end
if call('SREM', link.key .. ':dependencies', childKey) == 0 then return end
call('HSET', link.key .. ':processed', childKey, value)
wakeParent(link, childKey, group, false)
end
local function childFailed(parent, childKey, group, reason)
local link = readParent(parent)
if not link then return end
if not (link.fpof or link.cpof or link.idof or link.rdof) then return end -- BullMQ: it may be retried, until then the parent waits
if call('SREM', link.key .. ':dependencies', childKey) == 0 then return end
if link.fpof then
call('ZADD', link.key .. ':unsuccessful', now, childKey)
call('HSET', link.key, 'sf:' .. childKey, reason)
deferFailure(link, childKey)
elseif not link.rdof then
call('HSET', link.key .. ':failed', childKey, reason)
end
wakeParent(link, childKey, group, link.cpof)
end
local function childRemoved(parent, childKey, group)
local link = readParent(parent)
if not link then return end
if call('SREM', link.key .. ':dependencies', childKey) == 1 then wakeParent(link, childKey, group, link.cpof) end
end
local function childReopened(parent, childKey)
local link = readParent(parent)
if not link then return end
local known = call('HDEL', link.key .. ':processed', childKey) + call('HDEL', link.key .. ':failed', childKey)
+ call('ZREM', link.key .. ':unsuccessful', childKey)
if known == 0 then return end
call('HDEL', link.key, 'sf:' .. childKey)
call('SADD', link.key .. ':dependencies', childKey)
end`;

const sharedClaimingRarely = String.raw`local function promoteDue(queue)
local due = {}
local function waitsOn(job)
local key = queue.key .. job.id
local packed = call('HGET', key, 'sa')
local waits = packed and unpackWaits(packed)
if not waits or (waits.due and waits.due <= now) or isSettled(key, waits) then return false end
waitUntil(queue, job.id, nextLookAt(key, waits))
return true
end
local function collect(state, ids)
for _, id in ipairs(ids) do
local values = call('HMGET', queue.key .. id, 'ss', 'priority')
due[#due + 1] = { id = id, state = state, begun = values[1], priority = tonumber(values[2] or 0) }
end
end
local parked = call('ZREVRANGEBYSCORE', queue.key .. 'waiting-children', '(0', '(' .. digits(-now - 1), 'LIMIT', 0, 1000)
collect('waiting-children', parked)
collect('delayed', call('ZRANGEBYSCORE', queue.key .. 'delayed', '-inf', digits((now + 1) * 4096 - 1), 'LIMIT', 0, 1000))
if #due == 0 then return end
if #parked > 0 then
for _, job in ipairs(due) do
local score = call('ZSCORE', queue.key .. job.state, job.id)
job.due = job.state == 'delayed' and score / 4096 or -score
end
table.sort(due, function(a, b) return a.due < b.due end)
end
local function promote(job)
if job.state == 'waiting-children' and waitsOn(job) then return end
call('ZREM', queue.key .. job.state, job.id)
if job.state == 'delayed' then call('HSET', queue.key .. job.id, 'delay', 0)
else call('HDEL', queue.key .. job.id, 'sa') end
makeReady(queue, job.id, job.priority, job.begun and true, job.state)
end
for _, job in ipairs(due) do if not job.begun then promote(job) end end
for i = #due, 1, -1 do if due[i].begun then promote(due[i]) end end
end
local function visibleOf(fields)
local visible = {}
for i = 1, #fields, 2 do
local start = string.sub(fields[i], 1, 3)
if start ~= 'sk:' and start ~= 'sx:' and start ~= 'sf:' then
visible[#visible + 1] = fields[i]
visible[#visible + 1] = fields[i + 1]
end
end
return visible
end
local function isTooSoon(queue, id, due)
local key = queue.key .. id
call('HDEL', key, 'defa')
if due <= now then return false end
call('LREM', queue.active, 1, id)
call('HSET', key, 'delay', digits(due - now))
makeDelayed(queue, id, due)
return true
end
local function failDeferred(queue, id, job, reason)
local key = queue.key .. id
job.deid = call('HGET', key, 'deid')
call('LREM', queue.active, 1, id)
call('HSET', key, 'processedOn', nowText, 'stacktrace', cjson.encode({ 'UnrecoverableError: ' .. reason }))
call('HINCRBY', key, 'ats', 1)
local attempts = call('HINCRBY', key, 'atm', 1)
tell(queue, 'active', id, 'prev', 'waiting')
failForGood(queue, id, job, reason, string.find(reason, '^child ') and 'CHILD_FAILED' or 'JOB_STALLED')
if attempts >= (cjson.decode(job.opts).attempts or 0) then tell(queue, 'retries-exhausted', id, 'attemptsMade', attempts) end
end
local function countOnLimiter(queue, count)
local max = metaOf(queue).max
if not max or count == 0 then return end
local limiter = queue.key .. 'limiter'
if call('INCRBY', limiter, count) == count then call('PEXPIRE', limiter, math.floor(math.abs(metaOf(queue).duration or 0))) end
end
local function claimAgain(queue, owner, taken)
local claimed = {}
for i = 1, #taken, 2 do
local key = queue.key .. taken[i]
if call('GET', key .. ':lock') == taken[i + 1] then
claimed[#claimed + 1] = taken[i]
claimed[#claimed + 1] = taken[i + 1]
claimed[#claimed + 1] = visibleOf(call('HGETALL', key))
end
end
local due = nextDueOf(queue)
return { due and digits(due) or '', lastEventOf(queue), nowText, claimed }
end`;

const sharedClaiming = String.raw`local function roomOf(queue, limit)
local meta = metaOf(queue)
if meta.paused then return 0 end
if meta.concurrency then limit = math.min(limit, meta.concurrency - call('LLEN', queue.active)) end
local limiter = queue.key .. 'limiter'
local ttl = call('PTTL', limiter)
if ttl > 0 then
local count = tonumber(call('GET', limiter) or 0)
local max = meta.max or (count >= 9007199254740991 and 0) or math.huge -- BullMQ's manual limit is the largest number
limit = math.min(limit, max - count)
if limit <= 0 then return 0, now + ttl end
elseif meta.max then
if ttl == 0 then call('DEL', limiter) end -- what is counted now would be forgotten with its last millisecond
limit = math.min(limit, meta.max)
end
return math.max(limit, 0)
end
local fresh = { 'ss', 'name', 'data', 'opts', 'timestamp', 'ats', 'parent', 'sp', 'defa', 'rjk', 'sd' }
local function activate(queue, id, token, lockDuration)
local key = queue.key .. id
local fields = call('HMGET', key, unpack(fresh))
if not fields[2] then -- it was removed by hand
call('LREM', queue.active, 1, id)
return
end
local due = tonumber(fields[11] or 0)
if fields[9] and not fields[1] then
return rare.failDeferred(queue, id, { opts = fields[4], parent = fields[7] }, fields[9])
end
if fields[9] and rare.isTooSoon(queue, id, due) then return end
if due > now then call('HDEL', key, 'sd') end -- it was let go before its time
local isFresh, started = not (fields[1] or fields[6]), (fields[6] or 0) + 1
call('SET', key .. ':lock', token, 'PX', lockDuration)
call('HSET', key, 'processedOn', nowText, 'ats', started)
tell(queue, 'active', id, 'prev', 'waiting')
if not isFresh then
local all = call('HGETALL', key)
return #all < 60 and all or rare.visibleOf(all) -- there may be thousands of children
end
fields[6] = digits(started)
return fields
end
local function claim(queue, limit, lockDuration, owner, number)
local due = nextDueOf(queue)
if due and due <= now then
rare.promoteDue(queue)
due = nextDueOf(queue)
end
addArrived(queue)
local room, again = roomOf(queue, limit)
local ids = room > 0 and call('RPOP', queue.wait, room) or {}
if #ids < room then
local prioritized = call('ZPOPMIN', queue.prioritized, room - #ids)
for i = 1, #prioritized, 2 do ids[#ids + 1] = prioritized[i] end
if #prioritized > 0 and call('EXISTS', queue.prioritized) == 0 then call('DEL', queue.key .. 'pc') end
end
if #ids > 0 then callWithAll('LPUSH', queue.active, ids) end
local claimed = {}
for i, id in ipairs(ids) do
local token = owner .. ':' .. digits(number + i)
local fields = activate(queue, id, token, lockDuration)
if fields then
local last = #claimed
claimed[last + 1], claimed[last + 2], claimed[last + 3] = id, token, fields
end
end
if queue.meta.max then rare.countOnLimiter(queue, #claimed / 3) end
queue.ready = room > 0 and #ids == room and call('EXISTS', queue.wait, queue.prioritized) > 0
if #ids > 0 and not queue.ready then call('ZREM', queue.key .. 'marker', '0') end
if due and (not again or due < again) then again = due end
return { again and digits(again) or '', lastEventOf(queue), nowText, claimed }
end`;

const sharedClaims = String.raw`local function makeClaims(callId, answers)
local claims = tonumber(take())
if claims == 0 then return end
local receiptKey = prefix .. '::claims:' .. callId
local receipt = call('GET', receiptKey)
local takenBefore, takenNow, count = receipt and cmsgpack.unpack(receipt), {}, 0
for i = 1, claims do
local queue, limit, lockDuration, owner, number = queueNamed(take()), tonumber(take()), take(), take(), tonumber(take())
if takenBefore then
answers[#answers + 1] = rare.claimAgain(queue, owner, takenBefore[i])
else
local answer = claim(queue, limit, lockDuration, owner, number)
answers[#answers + 1] = answer
local taken, claimed = {}, answer[4]
for place = 1, #claimed, 3 do
taken[#taken + 1] = claimed[place]
taken[#taken + 1] = claimed[place + 1]
end
takenNow[i] = taken
count = count + #taken
end
end
if count > 0 then call('SET', receiptKey, cmsgpack.pack(takenNow), 'PX', 60000) end
end`;

const sharedFinishing = String.raw`local function addNextOf(queue, deduplicationId)
local nextKey = queue.key .. 'dn:' .. deduplicationId
local values = call('HMGET', nextKey, 'name', 'data', 'opts', 'jid', 'pk', 'pd', 'pdk', 'rjk')
if not values[1] then return end
call('DEL', nextKey)
local counter = call('INCR', queue.key .. 'id')
local id = values[4] or digits(counter)
local opts = cjson.decode(values[3])
local delay, priority, ttl = tonumber(opts.delay or 0), tonumber(opts.priority or 0), tonumber(opts.de.ttl or 0)
if ttl > 0 and not opts.de.keepLastIfActive then call('SET', queue.key .. 'de:' .. deduplicationId, id, 'PX', ttl)
else call('SET', queue.key .. 'de:' .. deduplicationId, id) end
local fields = { 'name', values[1], 'data', values[2], 'opts', values[3], 'timestamp', nowText, 'delay', delay, 'priority', priority }
for name, value in pairs({ parentKey = values[5], parent = values[6], rjk = values[8], deid = deduplicationId }) do
if value then
fields[#fields + 1] = name
fields[#fields + 1] = value
end
end
call('HSET', queue.key .. id, unpack(fields))
tell(queue, 'added', id, 'name', values[1])
if values[7] then call('SADD', values[7], queue.key .. id) end
if delay > 0 then makeDelayed(queue, id, now + delay) else makeReady(queue, id, priority, opts.lifo) end
end
local function endDeduplication(queue, id, deduplicationId)
local key = queue.key .. 'de:' .. deduplicationId
if call('PTTL', key) == -1 and call('GET', key) == id then call('DEL', key) end
addNextOf(queue, deduplicationId)
end
local function limitsOf(option)
if type(option) == 'table' then return tonumber(option.count), tonumber(option.age) end
if type(option) == 'number' then return option, nil end
if option == true then return 0, nil end
end
local function deleteFinished(queue, state, ids)
for _, id in ipairs(ids) do
call('ZREM', queue.key .. state, id)
deleteJob(queue.key .. id)
end
end
local function oldest(queue, state, count, id)
local ids = call('ZRANGE', queue.key .. state, 0, count)
for place, each in ipairs(ids) do
if each == id then table.remove(ids, place) end
end
ids[count + 1] = nil
return ids
end
local function trimFinished(queue, state, id, opts)
addFinished(queue)
local count, age = limitsOf(cjson.decode(opts)[state == 'completed' and 'removeOnComplete' or 'removeOnFail'])
if count == 0 then
deleteFinished(queue, state, { id })
return false
end
if age then
deleteFinished(queue, state, call('ZRANGEBYSCORE', queue.key .. state, '-inf', now - age * 1000, 'LIMIT', 0, 100))
end
if count then
local surplus = call('ZCARD', queue.key .. state) - count
if surplus > 0 then deleteFinished(queue, state, oldest(queue, state, math.min(surplus, 100), id)) end
end
return call('EXISTS', queue.key .. id) == 1
end
local function noteFailure(key, reason, code)
if code then
call('HSET', key, 'failedReason', reason, 'sc', code)
else
call('HSET', key, 'failedReason', reason)
call('HDEL', key, 'sc')
end
end
local function groupOf(key)
return call('HGET', key, 'sp') or nil
end
local function failForGood(queue, id, job, reason, code)
local key = queue.key .. id
noteFailure(key, reason, code)
call('HSET', key, 'finishedOn', nowText)
call('HDEL', key, 'defa')
if code then tell(queue, 'failed', id, 'failedReason', reason, 'prev', 'active', 'code', code)
else tell(queue, 'failed', id, 'failedReason', reason, 'prev', 'active') end
if job.deid then endDeduplication(queue, id, job.deid) end
if job.parent then childFailed(job.parent, key, groupOf(key), reason) end
noteFinished(queue, 'failed', id)
return not string.find(job.opts or '', 'removeOnFail', 1, true) or trimFinished(queue, 'failed', id, job.opts)
end`;

const sharedLooking = String.raw`local function takeOut(queue, id)
for _, state in ipairs({ 'delayed', 'waiting-children', 'completed', 'failed', 'prioritized' }) do
if call('ZREM', queue.key .. state, id) == 1 then return state end
end
if call('LREM', queue.key .. 'active', -1, id) == 1 then return 'active' end
if call('LREM', queue.key .. 'wait', -1, id) == 1 then return 'waiting' end
if call('LREM', queue.key .. 'paused', -1, id) == 1 then return 'waiting' end
end
local function placeOf(queue, id)
local due = call('ZSCORE', queue.key .. 'delayed', id)
if due then return 'delayed', digits(math.floor(due / 4096)) end
if call('ZSCORE', queue.key .. 'waiting-children', id) then
local waits = call('HGET', queue.key .. id, 'sa')
return 'waiting-children', waits and cmsgpack.unpack(waits)[2] or nil
end
for _, state in ipairs({ 'completed', 'failed', 'prioritized' }) do
if call('ZSCORE', queue.key .. state, id) then return state end
end
if call('EXISTS', queue.key .. id .. ':lock') == 1 or call('LPOS', queue.key .. 'active', id) then return 'active' end
return 'waiting'
end`;

const sharedPlaces = String.raw`local firstPlace = 1000000
local function placeInPriority(queue, lowest, atHead)
local first = atHead
and call('ZRANGEBYSCORE', queue.key .. 'prioritized', lowest, lowest + 4294967295, 'WITHSCORES', 'LIMIT', 0, 1)[2]
if first then return math.max(first - 1, lowest) end
local counter = call('INCR', queue.key .. 'pc')
if counter == 1 then counter = call('INCRBY', queue.key .. 'pc', firstPlace) end
return lowest + counter % 4294967296
end
local function makeReady(queue, id, priority, atHead, prev)
if priority == 0 then
if atHead then call('RPUSH', queue.wait, id)
elseif queue.arrived then queue.arrived[#queue.arrived + 1] = id
else queue.arrived = { id } end
else
call('ZADD', queue.key .. 'prioritized', placeInPriority(queue, priority * 4294967296, atHead), id)
end
queue.ready = true
if prev then tell(queue, 'waiting', id, 'prev', prev) else tell(queue, 'waiting', id) end
end
local function makeDelayed(queue, id, due)
due = math.ceil(due)
local lowest, highest = due * 4096, due * 4096 + 4095
local last = call('ZREVRANGEBYSCORE', queue.key .. 'delayed', highest, lowest, 'WITHSCORES', 'LIMIT', 0, 1)[2]
call('ZADD', queue.key .. 'delayed', last and math.min(last + 1, highest) or lowest, id)
queue.delayed = true
tell(queue, 'delayed', id, 'delay', digits(due))
end
local function waitUntil(queue, id, due)
local score = nowText
if due then
local first = -math.ceil(due)
local last = call('ZRANGEBYSCORE', queue.key .. 'waiting-children', '(' .. digits(first - 1), first, 'WITHSCORES', 'LIMIT', 0, 1)[2]
score = last and last - 1 / 4096 or first
queue.delayed = true
end
call('ZADD', queue.key .. 'waiting-children', score, id)
end
local function makeWaitingChildren(queue, id, due)
waitUntil(queue, id, due)
tell(queue, 'waiting-children', id, 'prev', 'active')
end
local function deleteJob(key)
call('DEL', key, key .. ':lock', key .. ':logs', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
end
local function dropDeduplication(queue, id)
local deduplicationId = call('HGET', queue.key .. id, 'deid')
if not deduplicationId or call('GET', queue.key .. 'de:' .. deduplicationId) ~= id then return end
call('DEL', queue.key .. 'de:' .. deduplicationId, queue.key .. 'dn:' .. deduplicationId)
end`;

const sharedReading = String.raw`local function answerWith(queue, ids, state)
local answers = { time[1], time[2], lastEventOf(queue) }
for _, id in ipairs(ids) do
local fields = call('HGETALL', queue.key .. id)
if #fields > 0 then
local place, due = placeOf(queue, id)
answers[#answers + 1] = id
answers[#answers + 1] = place
answers[#answers + 1] = due or ''
answers[#answers + 1] = fields
end
end
return answers
end`;

const sharedStore = String.raw`local call = redis.call
local prefix = KEYS[1]
local time = call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local function digits(number)
return string.format('%.0f', number)
end
local nowText = digits(now)
local absent = ' null'
local at = 0
local function take()
at = at + 1
return ARGV[at]
end
local function takeOptional()
if take() == '1' then return take() end
end
local function takeList()
local list = {}
for i = 1, tonumber(take()) do list[i] = take() end
return list
end
local function callWithAll(command, key, values)
for from = 1, #values, 5000 do
call(command, key, unpack(values, from, math.min(from + 4999, #values)))
end
end
local queues = {}
local function queueAt(key)
local queue = queues[key]
if not queue then
queue = {
key = key,
events = key .. 'events',
wait = key .. 'wait',
active = key .. 'active',
prioritized = key .. 'prioritized',
}
queues[key] = queue
end
return queue
end
local named = {}
local function queueNamed(name)
local queue = named[name]
if not queue then
queue = queueAt(prefix .. ':' .. name .. ':')
named[name] = queue
end
return queue
end
local function metaOf(queue)
if not queue.meta then
local values = call('HMGET', queue.key .. 'meta', 'paused', 'concurrency', 'max', 'duration', 'opts.maxLenEvents')
queue.meta = {
paused = values[1],
concurrency = tonumber(values[2] or ''),
max = tonumber(values[3] or ''),
duration = tonumber(values[4] or ''),
maxLenEvents = values[5],
}
if not values[5] then
queue.meta.maxLenEvents = '10000'
call('HSET', queue.key .. 'meta', 'opts.maxLenEvents', '10000')
end
end
return queue.meta
end
local function tell(queue, event, id, ...)
call('XADD', queue.events, '*', 'event', event, 'jobId', id, ...)
queue.told = true
end
local function lastEventOf(queue)
local last = call('XREVRANGE', queue.key .. 'events', '+', '-', 'COUNT', 1)[1]
return last and last[1] or '0-0'
end
local function nextDueOf(queue)
local delayed = call('ZRANGE', queue.key .. 'delayed', 0, 0, 'WITHSCORES')[2]
local parked = call('ZREVRANGEBYSCORE', queue.key .. 'waiting-children', '(0', '-inf', 'WITHSCORES', 'LIMIT', 0, 1)[2]
local due = delayed and math.floor(delayed / 4096)
parked = parked and math.floor(-parked)
if parked and (not due or parked < due) then return parked end
return due
end
local function addFinished(queue)
for _, state in ipairs({ 'completed', 'failed' }) do
local entries = queue[state]
if entries then
callWithAll('ZADD', queue.key .. state, entries)
queue[state] = nil
end
end
end
local function noteFinished(queue, state, id)
queue.finished = (queue.finished or 0) + 1
local score = queue.finished == 1 and nowText or nowText .. '.' .. string.sub(1000 + queue.finished, 2)
local entries = queue[state]
if entries then
entries[#entries + 1] = score
entries[#entries + 1] = id
else
queue[state] = { score, id }
end
end
local function addArrived(queue)
if not queue.arrived then return end
callWithAll('LPUSH', queue.wait, queue.arrived)
queue.arrived = nil
end
local function leave()
for key, queue in pairs(queues) do
addArrived(queue)
if queue.finished then addFinished(queue) end
if queue.ready and not metaOf(queue).paused then call('ZADD', key .. 'marker', 0, '0') end
if queue.delayed then
local due = nextDueOf(queue)
if due then call('ZADD', key .. 'marker', due, '1') end
end
if queue.finished and call('EXISTS', key .. 'wait', key .. 'active', key .. 'prioritized') == 0 then
call('XADD', key .. 'events', '*', 'event', 'drained')
end
if queue.told then call('XTRIM', key .. 'events', 'MAXLEN', '~', metaOf(queue).maxLenEvents) end
end
end`;

const sharedWritingRarely = String.raw`local function receiptOf(write)
return prefix .. '::receipt:' .. write.token
end
local function refused(write)
local receipt = call('GET', receiptOf(write))
if receipt and string.match(receipt, '^(%S+)') == write.seq then return string.match(receipt, '^%S+ (.*)$') end
local values = call('HMGET', write.key, 'sc', 'failedReason', 'finishedOn')
if values[1] == 'JOB_CANCELLED' and values[3] then return '!cancelled ' .. (values[2] or '') end
return '!lost'
end
local function leaveReceipt(write, answer)
call('SET', receiptOf(write), write.seq .. ' ' .. answer, 'PX', 60000)
end
local function park(write, waits)
endLease(write)
call('HSET', write.key, 'sa', packWaits(waits), 'delay', 0) -- by it BullMQ's workers would delay what they wake
makeWaitingChildren(write.queue, write.id, nextLookAt(write.key, waits))
end
local function takeWaits()
local waits = { groups = takeList() }
local seen, due = takeOptional(), takeOptional()
waits.seen = seen and tonumber(seen)
waits.due = due and tonumber(due)
return waits
end`;

const sharedWriting = String.raw`local function takeWrite()
local queue, id, count = queueNamed(ARGV[at + 1]), ARGV[at + 2], tonumber(ARGV[at + 7])
local write = {
queue = queue,
id = id,
key = queue.key .. id,
token = ARGV[at + 3],
seq = ARGV[at + 4],
attempts = tonumber(ARGV[at + 5]),
hasProgress = ARGV[at + 6] == '1',
from = at + 8,
to = at + 7 + count,
}
at = write.to
local removed = tonumber(take())
if removed > 0 then
write.removed = {}
for i = 1, removed do write.removed[i] = ARGV[at + i] end
at = at + removed
end
local children = tonumber(take())
if children > 0 then
write.children = {}
for i = 1, children do write.children[i] = rare.takeJob() end
end
return write
end
local function prove(write, lock)
local last
if write.attempts then
local values = call('HMGET', write.key, 'sw', 'parent') -- BullMQ makes it a child even while it is active
last, write.parent = values[1], values[2]
else
local values = call('HMGET', write.key, 'sw', 'stc', 'sb', 'atm', 'opts', 'parent', 'deid')
last = values[1]
write.stalls = values[2] ~= values[3] and values[2]
write.attempts = tonumber(values[4] or 0)
write.opts, write.parent, write.deid = values[5], values[6], values[7]
end
local seq = 0
if last then
local number, rest = string.match(last, '^(%d+) (.*)$')
local own = write.seq .. ' ' .. write.token .. ' '
if string.sub(rest, 1, #own) == own then return '=' .. string.sub(rest, #own + 1) end
seq = tonumber(number)
end
write.isFirst = seq == 0
if lock ~= write.token then return rare.refused(write) end
if tonumber(write.seq) ~= seq + 1 then return '!order ' .. seq end
end
local function priorityOf(write)
return tonumber(call('HGET', write.key, 'priority') or 0)
end
local function addChildren(write)
if not write.children then return end
for _, child in ipairs(write.children) do rare.addJob(child) end
rare.writeChunks()
write.children = nil
end
local function lastWrite(write, seq, answer)
return seq .. ' ' .. write.seq .. ' ' .. write.token .. ' ' .. answer
end
local function save(write, answer)
addChildren(write)
local key, from, to = write.key, write.from, write.to
while to - from >= 4000 do -- Lua's stack holds about 8,000
call('HSET', key, unpack(ARGV, from, from + 3999))
from = from + 4000
end
call('HSET', key, 'sw', lastWrite(write, write.seq, answer), unpack(ARGV, from, to))
if write.stalls then call('HSET', key, 'sb', write.stalls) end
if write.removed then callWithAll('HDEL', key, write.removed) end
if write.hasProgress then tell(write.queue, 'progress', write.id, 'data', ARGV[to]) end
end
local endedLocks = {}
local function deleteEndedLocks()
if #endedLocks > 0 then call('DEL', unpack(endedLocks)) end
end
local function sleepUntil(write, due)
due = math.ceil(due)
call('HSET', write.key, 'delay', digits(math.max(due - now, 0)), 'sd', digits(due))
call('HDEL', write.key, 'defa') -- of a child that failed before
makeDelayed(write.queue, write.id, due)
end
local function endLease(write)
endedLocks[#endedLocks + 1] = write.key .. ':lock'
call('LREM', write.queue.active, -1, write.id)
end`;

const writesCheckpoint = String.raw`function writes.checkpoint(write)
save(write, '-')
return '=-'
end`;

const writesCompleteRarely = String.raw`local function dropCheckpoint(write)
local saved = { write.hasProgress and 'progress' or nil }
for _, name in ipairs(call('HKEYS', write.key)) do
if string.sub(name, 1, 3) == 'ss:' then saved[#saved + 1] = name end
end
callWithAll('HDEL', write.key, saved)
end
local function waitForChildren(write, failuresSeen)
local key = write.key
if call('ZCARD', key .. ':unsuccessful') > failuresSeen then return '=failed-children' end
addChildren(write)
local waits = { groups = {}, seen = failuresSeen }
if isSettled(key, waits) then return end
save(write, 'waiting-children')
park(write, waits)
return '=waiting-children'
end`;

const writesComplete = String.raw`local function cursorOf(write)
for i = write.from, write.to, 2 do
if ARGV[i] == 'ss' then return ARGV[i + 1] end
end
end
function writes.complete(write, result, failuresSeen)
local key, queue, id = write.key, write.queue, write.id
if write.children or mayHaveChildren then
local waiting = rare.waitForChildren(write, failuresSeen)
if waiting then return waiting end
end
endLease(write)
local fields = { 'sw', lastWrite(write, 0, 'completed'), 'finishedOn', nowText, 'atm', write.attempts + 1 }
local function set(name, value)
if not value then return end
fields[#fields + 1] = name
fields[#fields + 1] = value
end
set('returnvalue', result)
set('ss', cursorOf(write))
call('HSET', key, unpack(fields))
if write.stalls then call('HSET', key, 'sb', write.stalls) end
if not write.isFirst then rare.dropCheckpoint(write) end
if write.hasProgress then
tell(queue, 'completed', id, 'returnvalue', result or absent, 'prev', 'active', 'progress', ARGV[write.to])
else
tell(queue, 'completed', id, 'returnvalue', result or absent, 'prev', 'active')
end
if write.deid then rare.endDeduplication(queue, id, write.deid) end
if write.parent then rare.childCompleted(write.parent, key, rare.groupOf(key), result or absent) end
noteFinished(queue, 'completed', id)
local keepsAll = not string.find(write.opts or '', 'removeOnComplete', 1, true)
if not keepsAll and not rare.trimFinished(queue, 'completed', id, write.opts) then rare.leaveReceipt(write, '=completed') end
return '=completed'
end
function arguments.complete() return takeOptional(), tonumber(take()) end`;

const writesFail = String.raw`local function withStack(key, stack)
local values = call('HMGET', key, 'stacktrace', 'opts')
local limit = tonumber(string.match(values[2] or '', '"stackTraceLimit":(%d+)') or 10)
local readable, stacks = pcall(cjson.decode, values[1] or '[]')
if not readable or type(stacks) ~= 'table' then stacks = {} end
stacks[#stacks + 1] = stack
while #stacks > limit do table.remove(stacks, 1) end
return #stacks > 0 and cjson.encode(stacks) or '[]'
end
function writes.fail(write, failure)
local key, queue, id = write.key, write.queue, write.id
save(write, '-')
endLease(write)
local attempts = write.attempts + 1
call('HSET', key, 'atm', attempts)
if failure.stack then call('HSET', key, 'stacktrace', withStack(key, failure.stack)) end
if not failure.retryAt then
write.opts = write.opts or call('HGET', key, 'opts')
local kept = failForGood(queue, id, write, failure.reason, failure.code)
if attempts >= (cjson.decode(write.opts).attempts or 0) then tell(queue, 'retries-exhausted', id, 'attemptsMade', attempts) end
if not kept then leaveReceipt(write, '=-') end
return '=-'
end
noteFailure(key, failure.reason, failure.code)
if math.floor(failure.retryAt) > now then
sleepUntil(write, failure.retryAt)
else
makeReady(queue, id, priorityOf(write), false, 'active')
end
return '=-'
end
function arguments.fail()
local failure = { reason = take(), code = takeOptional(), stack = takeOptional(), retryAt = takeOptional() }
failure.retryAt = failure.retryAt and tonumber(failure.retryAt)
return failure
end`;

const writesMoveToDelayed = String.raw`function writes.moveToDelayed(write, due)
save(write, '-')
endLease(write)
sleepUntil(write, due)
return '=-'
end
function arguments.moveToDelayed() return tonumber(take()) end`;

const writesMoveToWaitingChildren = String.raw`function writes.moveToWaitingChildren(write, waits)
addChildren(write)
if isSettled(write.key, waits) then
save(write, 'held')
return '=held'
end
save(write, 'parked')
park(write, waits)
return '=parked'
end
arguments.moveToWaitingChildren = takeWaits`;

const writesRelease = String.raw`function writes.release(write)
save(write, '-')
endLease(write)
makeReady(write.queue, write.id, priorityOf(write), true, 'active')
return '=-'
end`;

export const scripts = {
  add: script('add', sharedStore, sharedPlaces, String.raw`local rare = setmetatable({}, {
__index = function(self, name)`, sharedChildren, String.raw`self.statusOf, self.chunksOf, self.readChunk = statusOf, chunksOf, readChunk
return rawget(self, name)
end,
})`, sharedAdding, String.raw`local receiptKey = prefix .. '::adds:' .. take()
local packed = call('GET', receiptKey)
if not packed then
local ids = {}
for i, job in ipairs(takeJobs()) do ids[i] = addJob(job) end
writeChunks()
packed = cmsgpack.pack(ids)
call('SET', receiptKey, packed, 'PX', 60000)
leave()
end
return { time[1], time[2], packed }`),
  armScheduler: script('arm-scheduler', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, String.raw`local queue, scheduler, claimed, opts, byPattern = queueNamed(take()), take(), take(), cjson.decode(take()), takeOptional()
local key = queue.key .. 'repeat:' .. scheduler
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')
local function afterInterval(every, offset)
if armed + every >= now then return armed + every end
local due = math.floor(now / every) * every + offset
return due > now and due or due + every
end
local function addNext(due, name, data)
local id, delay, priority = 'repeat:' .. scheduler .. ':' .. digits(due), math.max(due - now, 0), tonumber(opts.priority or 0)
if call('EXISTS', queue.key .. id) == 1 then return tell(queue, 'duplicated', id) end
call('ZADD', queue.key .. 'repeat', digits(due), scheduler)
call('HINCRBY', key, 'ic', 1)
call('INCR', queue.key .. 'id')
opts.jobId, opts.delay = id, delay
call('HSET', queue.key .. id, 'name', name, 'data', data or '{}', 'opts', cjson.encode(opts), 'timestamp', nowText,
'delay', delay, 'priority', priority, 'rjk', scheduler)
if opts.de then call('HSET', queue.key .. id, 'deid', opts.de.id) end
tell(queue, 'added', id, 'name', name)
if delay > 0 then makeDelayed(queue, id, due) else makeReady(queue, id, priority, opts.lifo) end
end
if armed and claimed == 'repeat:' .. scheduler .. ':' .. digits(armed) then
local values = call('HMGET', key, 'name', 'data', 'every', 'offset')
local every = tonumber(values[3] or opts['repeat'].every or '')
local due = every and math.floor(afterInterval(every, tonumber(values[4] or opts['repeat'].offset or 0))) or tonumber(byPattern or '')
if due and values[1] then addNext(due, values[1], values[2]) end
leave()
end
return { time[1], time[2] }`),
  cancel: script('cancel', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, sharedLooking, sharedChildren, sharedFinishing, String.raw`local function cancel(queue, id, reason)
local key = queue.key .. id
local values = call('HMGET', key, 'name', 'finishedOn', 'sw', 'parent', 'opts', 'deid')
if not values[1] or values[2] then return 0 end
local children = unfinishedChildren(key)
takeOut(queue, id)
call('DEL', key .. ':lock')
call('HDEL', key, 'sa')
local seq, rest = string.match(values[3] or '', '^(%d+) (.*)$')
if seq and seq ~= '0' then call('HSET', key, 'sw', digits(seq + 1) .. ' ' .. rest) end
local job = { parent = values[4], opts = values[5], deid = values[6] }
failForGood(queue, id, job, reason, 'JOB_CANCELLED')
for _, child in ipairs(children) do cancel(child.queue, child.id, reason) end
return 1
end
local queue, id = queueNamed(take()), take()
local done = cancel(queue, id, take())
leave()
return { time[1], time[2], done }`),
  changeDelay: script('change-delay', sharedStore, sharedPlaces, String.raw`local queue, id, due = queueNamed(take()), take(), tonumber(take())
if call('ZREM', queue.key .. 'delayed', id) == 0 then return { time[1], time[2], 0 } end
call('HSET', queue.key .. id, 'delay', math.max(math.ceil(due) - now, 0), 'sd', digits(math.ceil(due)))
makeDelayed(queue, id, due)
leave()
return { time[1], time[2], 1 }`),
  children: script('children', String.raw`#!lua flags=no-writes`, sharedStore, sharedChildren, String.raw`local parentKey = queueNamed(take()).key .. take()
local wanted = takeOptional()
local status, value = {}, {}
local function note(state, pairsOf)
for i = 1, #pairsOf, 2 do status[pairsOf[i]], value[pairsOf[i]] = state, pairsOf[i + 1] end
end
note('completed', call('HGETALL', parentKey .. ':processed'))
note('failed', call('HGETALL', parentKey .. ':failed'))
for _, key in ipairs(call('ZRANGE', parentKey .. ':unsuccessful', 0, -1)) do
status[key], value[key] = 'failed', call('HGET', parentKey, 'sf:' .. key) or call('HGET', key, 'failedReason') or ''
end
for _, key in ipairs(call('SMEMBERS', parentKey .. ':dependencies')) do status[key], value[key] = 'pending', nil end
local answers = { time[1], time[2] }
local function answer(key, group, policy)
if wanted and group ~= wanted then return end
for _, each in ipairs({ key, group or '', policy, status[key], value[key] or '' }) do answers[#answers + 1] = each end
end
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
local attached = {}
for key in pairs(status) do if not last[key] then attached[#attached + 1] = key end end
table.sort(attached)
for _, key in ipairs(attached) do
local parent = call('HGET', key, 'parent') or ''
local policy = string.find(parent, '"cpof":true', 1, true) and 'continue'
or (string.find(parent, '"idof":true', 1, true) or string.find(parent, '"rdof":true', 1, true)) and 'ignore' or 'fail'
answer(key, nil, policy)
end
return answers`),
  claim: script('claim', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, String.raw`local rare = {}`, sharedClaiming, sharedClaims, String.raw`setmetatable(rare, {
__index = function(self, name)`, sharedChildren, sharedFinishing, sharedClaimingRarely, String.raw`local defined = {
promoteDue = promoteDue,
visibleOf = visibleOf,
isTooSoon = isTooSoon,
failDeferred = failDeferred,
countOnLimiter = countOnLimiter,
claimAgain = claimAgain,
}
for each, value in pairs(defined) do rawset(self, each, value) end
return defined[name]
end,
})
local answers = {}
makeClaims(take(), answers)
leave()
return { time[1], time[2], cmsgpack.pack(answers) }`),
  clean: script('clean', sharedStore, sharedPlaces, String.raw`local queue, state, age, limit = queueNamed(take()), take(), tonumber(take()), tonumber(take())
local ids = call('ZRANGEBYSCORE', queue.key .. state, '-inf', now - age, 'LIMIT', 0, math.min(limit, 1000))
for _, id in ipairs(ids) do
dropDeduplication(queue, id)
deleteJob(queue.key .. id)
end
if #ids > 0 then
callWithAll('ZREM', queue.key .. state, ids)
call('XADD', queue.key .. 'events', '*', 'event', 'cleaned', 'count', #ids)
end
return { time[1], time[2], ids }`),
  counts: script('counts', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local key = queueNamed(take()).key
return {
time[1], time[2],
call('LLEN', key .. 'wait') + call('LLEN', key .. 'paused'),
call('ZCARD', key .. 'prioritized'),
call('ZCARD', key .. 'delayed'),
call('LLEN', key .. 'active'),
call('ZCARD', key .. 'waiting-children'),
call('ZCARD', key .. 'completed'),
call('ZCARD', key .. 'failed'),
}`),
  get: script('get', String.raw`#!lua flags=no-writes`, sharedStore, sharedPlaces, sharedLooking, sharedReading, String.raw`local queue = queueNamed(take())
return answerWith(queue, takeList())`),
  layout: script('layout', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local key = queueNamed(take()).key
local function isMarker(id) return id and string.sub(id, 1, 2) == '0:' end
local marked = isMarker(call('LINDEX', key .. 'wait', 0)) or isMarker(call('LINDEX', key .. 'wait', -1))
return { time[1], time[2], call('HGET', key .. 'meta', 'version') or '', call('LLEN', key .. 'paused'), marked and 1 or 0 }`),
  list: script('list', String.raw`#!lua flags=no-writes`, sharedStore, sharedPlaces, sharedLooking, sharedReading, String.raw`local queue, state, first, last = queueNamed(take()), take(), tonumber(take()), tonumber(take())
local function reversed(list)
local result = {}
for i = #list, 1, -1 do result[#result + 1] = list[i] end
return result
end
local function rangeOf(name)
local key = queue.key .. name
if name == 'wait' or name == 'active' then return reversed(call('LRANGE', key, last < 0 and -last - 1 or -last - 1, -first - 1)) end
if name == 'completed' or name == 'failed' then return call('ZREVRANGE', key, first, last) end
return call('ZRANGE', key, first, last)
end
return answerWith(queue, rangeOf(state == 'waiting' and 'wait' or state), state)`),
  log: script('log', sharedStore, String.raw`local key, row = queueNamed(take()).key .. take(), take()
local opts = call('HGET', key, 'opts')
if not opts then return { time[1], time[2] } end
call('RPUSH', key .. ':logs', row)
local keep = string.match(opts, '"kl":(%d+)')
if keep then call('LTRIM', key .. ':logs', -keep, -1) end
return { time[1], time[2] }`),
  look: script('look', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local queue = queueNamed(take())
local paused = call('HEXISTS', queue.key .. 'meta', 'paused') == 1
local due = nextDueOf(queue)
local ready = not paused and (call('EXISTS', queue.wait, queue.prioritized) > 0 or due and due <= now)
return { time[1], time[2], ready and 1 or 0, due and digits(due) or '' }`),
  pause: script('pause', sharedStore, String.raw`local queue, event = queueNamed(take()), take()
local meta = queue.key .. 'meta'
if event == 'paused' then
call('HSET', meta, 'paused', 1)
call('DEL', queue.key .. 'marker')
else
call('HDEL', meta, 'paused')
queue.ready = call('EXISTS', queue.key .. 'wait', queue.key .. 'prioritized') > 0
end
call('XADD', queue.key .. 'events', '*', 'event', event)
queue.told = true
if event == 'resumed' then queue.delayed = true end
leave()
return { time[1], time[2] }`),
  promote: script('promote', sharedStore, sharedPlaces, String.raw`local queue, id = queueNamed(take()), take()
if call('ZREM', queue.key .. 'delayed', id) == 0 then return { time[1], time[2], 0 } end
local values = call('HMGET', queue.key .. id, 'ss', 'priority')
call('HSET', queue.key .. id, 'delay', 0)
makeReady(queue, id, tonumber(values[2] or 0), values[1] and true, 'delayed')
leave()
return { time[1], time[2], 1 }`),
  recover: script('recover', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, sharedChildren, sharedFinishing, String.raw`local queue = queueNamed(take())
local maxStalledCount = tonumber(take())
local dead = {}
for _, owner in ipairs(takeList()) do dead[owner] = true end
local first = tonumber(take())
local ids = call('LRANGE', queue.key .. 'active', first, first + 999)
local recovered, owners, owned = {}, {}, {}
local left = 0
for _, id in ipairs(ids) do
local key = queue.key .. id
local token = call('GET', key .. ':lock')
local owner = token and (string.match(token, '^(%d+:[^:]+):') or token)
if token and not dead[owner] then
left = left + 1
if not owned[owner] then
owned[owner] = true
owners[#owners + 1] = owner
end
else
call('LREM', queue.key .. 'active', 1, id)
local values = call('HMGET', key, 'name', 'sb', 'priority', 'parent', 'opts', 'deid')
if values[1] then
call('DEL', key .. ':lock')
local stalled = call('HINCRBY', key, 'stc', 1)
tell(queue, 'stalled', id)
recovered[#recovered + 1] = id
if stalled - (values[2] or 0) <= maxStalledCount then
makeReady(queue, id, tonumber(values[3] or 0), true, 'active')
recovered[#recovered + 1] = 'waiting'
else
call('HSET', key, 'sb', stalled) -- a retry begins anew, be it BullMQ's
local job = { parent = values[4], opts = values[5], deid = values[6] }
failForGood(queue, id, job, 'job stalled more than allowable limit', 'JOB_STALLED')
recovered[#recovered + 1] = 'failed'
end
end
end
end
local due = nextDueOf(queue)
if call('EXISTS', queue.wait, queue.prioritized) > 0 or due and due <= now then queue.ready = true end
leave()
return { time[1], time[2], recovered, #ids == 1000 and left or 0, owners }`),
  remove: script('remove', sharedStore, sharedPlaces, sharedLooking, sharedChildren, String.raw`local function holdsActive(queue, id)
local key = queue.key .. id
if call('EXISTS', key .. ':lock') == 1 or call('LPOS', queue.key .. 'active', id) then return true end
for _, child in ipairs(unfinishedChildren(key)) do
if holdsActive(child.queue, child.id) then return true end
end
return false
end
local function isArmed(queue, id)
local scheduler = call('HGET', queue.key .. id, 'rjk')
local next = scheduler and call('ZSCORE', queue.key .. 'repeat', scheduler)
return next and id == 'repeat:' .. scheduler .. ':' .. digits(next)
end
local function remove(queue, id)
local key = queue.key .. id
local children = unfinishedChildren(key)
dropDeduplication(queue, id)
local prev = takeOut(queue, id)
deleteJob(key)
tell(queue, 'removed', id, 'prev', prev or 'unknown')
for _, child in ipairs(children) do remove(child.queue, child.id) end
end
local queue, id = queueNamed(take()), take()
local key = queue.key .. id
local values = call('HMGET', key, 'name', 'parent', 'sp')
if not values[1] or holdsActive(queue, id) or isArmed(queue, id) then return { time[1], time[2], 0 } end
remove(queue, id)
if values[2] then childRemoved(values[2], key, values[3]) end
leave()
return { time[1], time[2], 1 }`),
  renew: script('renew', String.raw`#!lua flags=allow-oom`, sharedStore, String.raw`local lockDuration = take()
local answers = { time[1], time[2] }
for _ = 1, tonumber(take()) do
local lock = queueNamed(take()).key .. take() .. ':lock'
local held = call('GET', lock) == take()
answers[#answers + 1] = held and call('PEXPIRE', lock, lockDuration) or 0
end
return answers`),
  retry: script('retry', sharedStore, sharedPlaces, sharedChildren, String.raw`local queue, id = queueNamed(take()), take()
local key = queue.key .. id
local prev = call('ZREM', queue.key .. 'completed', id) == 1 and 'completed' or call('ZREM', queue.key .. 'failed', id) == 1 and 'failed'
if not prev then return { time[1], time[2], 0 } end
call('HDEL', key, 'finishedOn', 'processedOn', 'returnvalue', 'failedReason', 'sc', 'defa')
local values = call('HMGET', key, 'stc', 'priority', 'parent')
if values[1] then call('HSET', key, 'sb', values[1]) end
makeReady(queue, id, tonumber(values[2] or 0), false, prev)
if values[3] then childReopened(values[3], key) end
leave()
return { time[1], time[2], 1 }`),
  turn: script('turn', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, String.raw`local writes, arguments, rare = {}, {}, {}
local mayHaveChildren`, sharedWriting, sharedClaiming, sharedClaims, writesCheckpoint, writesMoveToDelayed, writesComplete, writesRelease, String.raw`setmetatable(rare, {
__index = function(self, name)`, sharedChildren, sharedAdding, sharedFinishing, sharedWritingRarely, sharedClaimingRarely, writesCompleteRarely, writesFail, writesMoveToWaitingChildren, String.raw`local defined = {
define = function() end,
statusOf = statusOf,
chunksOf = chunksOf,
readChunk = readChunk,
writeChunks = writeChunks,
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
local function answerTo(pending, lock)
return prove(pending.write, lock) or writes[pending.kind](pending.write, pending.first, pending.second)
end
local callId = take()
local pending, locks, dependencies = {}, {}, {}
for i = 1, tonumber(take()) do
local each = { kind = take(), write = takeWrite() }
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
return { time[1], time[2], cmsgpack.pack(answers) }`),
  updateData: script('update-data', sharedStore, String.raw`local key = queueNamed(take()).key .. take()
local data = takeOptional()
if call('EXISTS', key) == 0 then return { time[1], time[2], 0 } end
if data then call('HSET', key, 'data', data) else call('HDEL', key, 'data') end
return { time[1], time[2], 1 }`),
};
