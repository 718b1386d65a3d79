// Made by scripts/lua.js of the sources in lua/: change those, then `npm run lua`.
import { script } from './script.js';

const sharedAddingRarely = String.raw`local function missingParentOf(jobs)
local isThere = {}
for _, job in ipairs(jobs) do
if job.parentKey then
isThere[job.parentKey] = isThere[job.parentKey] or call('EXISTS', job.parentKey) == 1
if not isThere[job.parentKey] then return job.parentKey end
end
if job.id and not string.find(job.traits, 'd', 1, true) then isThere[queueNamed(job.queue).key .. job.id] = true end
end
end
local newParents = {}
local function awaitChildren(queue, id, job)
call('ZADD', queue.key .. 'waiting-children', job.timestamp, id)
tell(queue, 'waiting-children', id)
newParents[#newParents + 1] = { queue = queue, id = id, key = queue.key .. id, priority = tonumber(job.priority), delay = tonumber(job.delay) }
end
local function releaseParents()
for _, parent in ipairs(newParents) do
if call('SCARD', parent.key .. ':dependencies') == 0 then wakePlainParent(parent, parent.priority, parent.delay) end
end
newParents = {}
end`;

const sharedAdding = String.raw`local function takeJob()
local job = {
queue = take(),
name = take(),
data = takeOptional(),
opts = take(),
timestamp = take(),
delay = take(),
priority = take(),
traits = take(),
id = takeOptional(),
}
local parentQueue = takeOptional()
if parentQueue then
job.parentKey = prefix .. ':' .. parentQueue .. ':' .. take()
job.parent = take()
job.policy = take()
job.group = takeOptional()
end
return job
end
local function takeJobs()
local jobs = {}
for i = 1, tonumber(take()) do
local job = takeJob()
jobs[i] = job
if job.parentKey then jobs.haveParents = true end
end
return jobs
end
local parents = {}
local hasNewParents = false
local function parentAt(key)
local parent = parents[key]
if not parent then
local families = call('EXISTS', key .. ':dependencies', key .. ':processed', key .. ':failed', key .. ':unsuccessful')
parent = { key = key, hasChildren = families > 0, added = {} }
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
local function addJob(job)
local queue = queueNamed(job.queue)
local counter = call('INCR', queue.key .. 'id')
local id = job.id or digits(counter)
local key = queue.key .. id
local parent = job.parentKey and parentAt(job.parentKey)
if job.id then
if parent and (parent.added[key] or parent.hasChildren and rare.statusOf(job.parentKey, key)) then return id end
if call('EXISTS', key) == 1 then
tell(queue, 'duplicated', id)
return id
end
end
local lifo, isParent = false, false
if job.traits ~= '' then
local holder = string.find(job.traits, 'd', 1, true) and rare.turnedAwayBy(queue, job, id)
if holder then return holder end
lifo, isParent = string.find(job.traits, 'l', 1, true), string.find(job.traits, 'c', 1, true)
end
local fields = { 'name', job.name, 'opts', job.opts, 'timestamp', job.timestamp, 'delay', job.delay, 'priority', job.priority }
local function set(name, value)
if not value then return end
fields[#fields + 1] = name
fields[#fields + 1] = value
end
set('data', job.data)
set('deid', job.deid)
if parent then
set('parentKey', job.parentKey)
set('parent', job.parent)
set('sp', job.group)
end
call('HSET', key, unpack(fields))
tell(queue, 'added', id, 'name', job.name)
if parent then
call('SADD', job.parentKey .. ':dependencies', key)
parent.added[key] = true
addToChunks(parent, job.group or false, job.policy, queue.key, id)
end
if isParent then
hasNewParents = true
rare.awaitChildren(queue, id, job)
elseif tonumber(job.delay) > 0 then makeDelayed(queue, id, job.timestamp + job.delay)
else makeReady(queue, id, tonumber(job.priority), lifo) end
return id
end
local function finishAdding()
for _, parent in pairs(parents) do
if parent.isChanged then writeChunk(parent) end
parent.isChanged = false
end
if hasNewParents then rare.releaseParents() end
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
local values = queueKey and call('HMGET', key, 'parentKey', 'finishedOn') or {}
if values[1] == parentKey and not values[2] then children[#children + 1] = { queue = queueAt(queueKey), id = id } end
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
local function countOnLimiter(queue, count, duration)
if count == 0 then return end
local limiter = queue.key .. 'limiter'
if call('INCRBY', limiter, count) == count then call('PEXPIRE', limiter, math.floor(math.abs(duration or 0))) end
end
local function claimAgain(queue, taken)
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

const sharedClaiming = String.raw`local function rateOf(queue, wishes)
local meta = metaOf(queue)
if meta.max then return meta.max, meta.duration end
return wishes and wishes.max, wishes and wishes.duration
end
local function roomOf(queue, limit, max)
local meta = metaOf(queue)
if meta.paused then return 0 end
if meta.concurrency then limit = math.min(limit, meta.concurrency - call('LLEN', queue.active)) end
local limiter = queue.key .. 'limiter'
local ttl = call('PTTL', limiter)
if ttl > 0 then
local count = tonumber(call('GET', limiter) or 0)
max = max or (count >= 9007199254740991 and 0) or math.huge -- BullMQ's manual limit is the largest number
limit = math.min(limit, max - count)
if limit <= 0 then return 0, now + ttl end
elseif max then
if ttl == 0 then call('DEL', limiter) end -- what is counted now would be forgotten with its last millisecond
limit = math.min(limit, max)
end
return math.max(limit, 0)
end
local fresh = { 'name', 'data', 'opts', 'timestamp', 'parent', 'sp', 'rjk', 'priority', 'deid', 'delay' }
local function isFresh(key, fields)
local count = fields[5] and 1 or 0
for i = 1, #fresh do
if fields[i] then count = count + 1 end
end
return call('HLEN', key) == count
end
local function startOf(queue, id, fields, wishes)
local key = queue.key .. id
local values = call('HMGET', key, 'ss', 'ats', 'defa', 'sd')
local due = tonumber(values[4] or 0)
if values[3] and not values[1] then
rare.failDeferred(queue, id, { opts = fields[3], parent = fields[5], finishing = wishes and wishes.finishing }, values[3])
return
end
if values[3] and rare.isTooSoon(queue, id, due) then return end
if due > now then call('HDEL', key, 'sd') end -- it was let go before its time
return (values[2] or 0) + 1
end
local function activate(queue, id, token, lockDuration, wishes)
local key = queue.key .. id
local fields = call('HMGET', key, unpack(fresh))
if not fields[1] then -- it was removed by hand
call('LREM', queue.active, 1, id)
return
end
local isNew = isFresh(key, fields)
local started = isNew and 1 or startOf(queue, id, fields, wishes)
if not started then return end
call('SET', key .. ':lock', token, 'PX', lockDuration)
if wishes and wishes.worker then call('HSET', key, 'processedOn', nowText, 'ats', started, 'pb', wishes.worker)
else call('HSET', key, 'processedOn', nowText, 'ats', started) end
tell(queue, 'active', id, 'prev', 'waiting')
if not isNew then
local all = call('HGETALL', key)
return #all < 60 and all or rare.visibleOf(all) -- there may be thousands of children
end
fields[10] = nil
return fields
end
local function claim(queue, limit, lockDuration, owner, number, wishes)
local due = nextDueOf(queue)
if due and due <= now then
rare.promoteDue(queue)
due = nextDueOf(queue)
end
addArrived(queue)
local max, duration = rateOf(queue, wishes)
local room, again = roomOf(queue, limit, max)
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
local fields = activate(queue, id, token, lockDuration, wishes)
if fields then
local last = #claimed
claimed[last + 1], claimed[last + 2], claimed[last + 3] = id, token, fields
end
end
if max then rare.countOnLimiter(queue, #claimed / 3, duration) end
queue.ready = room > 0 and #ids == room and call('EXISTS', queue.wait, queue.prioritized) > 0
if #ids > 0 and not queue.ready then call('ZREM', queue.key .. 'marker', '0') end
if due and (not again or due < again) then again = due end
return { again and digits(again) or '', lastEventOf(queue), nowText, claimed }
end`;

const sharedClaims = String.raw`local function takeClaim()
local each = { queue = queueNamed(take()), limit = tonumber(take()), lockDuration = take(), owner = take(), number = tonumber(take()) }
if take() == '1' then
local worker, max, duration, finishing = takeOptional(), takeOptional(), takeOptional(), takeOptional()
each.wishes = { worker = worker, max = max and tonumber(max), duration = duration and tonumber(duration), finishing = finishing }
end
return each
end
local function makeClaims(callId, answers)
local claims = tonumber(take())
if claims == 0 then return end
local receiptKey = prefix .. '::claims:' .. callId
local receipt = call('GET', receiptKey)
local takenBefore, takenNow, count = receipt and cmsgpack.unpack(receipt), {}, 0
for i = 1, claims do
local each = takeClaim()
if takenBefore then
answers[#answers + 1] = rare.claimAgain(each.queue, takenBefore[i])
else
local answer = claim(each.queue, each.limit, each.lockDuration, each.owner, each.number, each.wishes)
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

const sharedComing = String.raw`local function isComing(queue, id)
if call('EXISTS', queue.key .. id) == 0 then return false end
local state = stateOf(queue, id)
return state == 'delayed' or state == 'prioritized' or state == 'waiting'
end`;

const sharedDeduplicating = String.raw`local function holdPlace(placeKey, id, de)
if de.ttl > 0 and not de.keepLastIfActive then call('SET', placeKey, id, 'PX', de.ttl)
else call('SET', placeKey, id) end
end
local function deduplicationOf(opts)
local de = cjson.decode(opts).de
return {
id = tostring(de.id),
ttl = math.ceil(tonumber(de.ttl) or 0),
extend = de.extend == true,
replace = de.replace == true,
reschedule = de.reschedule == true,
keepLastIfActive = de.keepLastIfActive == true,
}
end
local function addNextOf(queue, deduplicationId)
local nextKey = queue.key .. 'dn:' .. deduplicationId
local values = call('HMGET', nextKey, 'name', 'data', 'opts', 'jid', 'pk', 'pd', 'pdk', 'rjk', 'su')
if not values[1] then return end
call('DEL', nextKey)
local counter = call('INCR', queue.key .. 'id')
local id = values[4] or digits(counter)
if call('EXISTS', queue.key .. id) == 1 then return tell(queue, 'duplicated', id) end
holdPlace(queue.key .. 'de:' .. deduplicationId, id, deduplicationOf(values[3]))
local opts = cjson.decode(values[3])
local delay, priority = tonumber(opts.delay) or 0, tonumber(opts.priority) or 0
local fields = { 'name', values[1], 'opts', values[3], 'timestamp', nowText, 'delay', delay, 'priority', priority, 'deid', deduplicationId }
for name, value in pairs({ data = not values[9] and values[2], parentKey = values[5], parent = values[6], rjk = values[8] }) do
if value then
fields[#fields + 1] = name
fields[#fields + 1] = value
end
end
call('HSET', queue.key .. id, unpack(fields))
tell(queue, 'added', id, 'name', values[1])
if values[7] then call('SADD', values[7], queue.key .. id) end
if delay > 0 then makeDelayed(queue, id, now + delay) else makeReady(queue, id, priority, opts.lifo == true) end
end
local function endDeduplication(queue, id, deduplicationId)
local placeKey = queue.key .. 'de:' .. deduplicationId
local holder = call('GET', placeKey)
if holder and holder ~= id then return end
if call('PTTL', placeKey) == -1 then call('DEL', placeKey) end
addNextOf(queue, deduplicationId)
end`;

const sharedFinishing = String.raw`local optionOf = { completed = 'removeOnComplete', failed = 'removeOnFail' }
local wishesIn = {}
local function wishesOf(finishing)
if not wishesIn[finishing] then wishesIn[finishing] = cjson.decode(finishing) end
return wishesIn[finishing]
end
local function limitsOf(state, opts, finishing)
local option
if string.find(opts or '', optionOf[state], 1, true) then option = cjson.decode(opts)[optionOf[state]] end
if option == nil and finishing then option = wishesOf(finishing)[optionOf[state]] end
if option == true then return 0 end
if type(option) == 'number' then option = { count = option } end
if type(option) ~= 'table' then return end
local count = tonumber(option.count)
return count and count >= 0 and count or nil, tonumber(option.age), tonumber(option.limit) -- BullMQ's -1 keeps all
end
local function countFinished(queue, state, points)
local key = queue.key .. 'metrics:' .. state
local before = call('HINCRBY', key, 'count', 1) - 1
queue.counted = queue.counted or {}
if queue.counted[state] then return end -- no minute has passed since
queue.counted[state] = true
local last = call('HMGET', key, 'prevTS', 'prevCount')
if not last[1] then return call('HSET', key, 'prevTS', nowText, 'prevCount', 0) end
local minutes = math.min(math.floor(now / 60000) - math.floor(last[1] / 60000), points)
if minutes <= 0 then return end
local numbers = { before - last[2] }
for minute = 2, minutes do numbers[minute] = 0 end
callWithAll('LPUSH', key .. ':data', numbers)
call('LTRIM', key .. ':data', 0, points - 1)
call('HSET', key, 'prevTS', nowText, 'prevCount', before)
end
local function deleteFinished(queue, state, ids)
for _, id in ipairs(ids) do
local key = queue.key .. id
local values = state == 'failed' and call('HMGET', key, 'parent', 'sp')
call('ZREM', queue.key .. state, id)
deleteJob(key)
if values and values[1] then childRemoved(values[1], key, values[2]) end
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
local removable = 1000
local function settle(queue, state, id, opts, finishing)
local points = finishing and wishesOf(finishing).metrics
if points then countFinished(queue, state, points) end
local count, age, limit = limitsOf(state, opts, finishing)
if not (count or age) then return true end
addFinished(queue)
if count == 0 then
deleteFinished(queue, state, { id })
return false
end
local most = math.min(limit or 100, removable)
local function remove(ids)
most, removable = most - #ids, removable - #ids
deleteFinished(queue, state, ids)
end
if age then remove(call('ZRANGEBYSCORE', queue.key .. state, '-inf', now - age * 1000, 'LIMIT', 0, most)) end
if count then
local surplus = call('ZCARD', queue.key .. state) - count
if surplus > 0 and most > 0 then remove(oldest(queue, state, math.min(surplus, most), id)) end
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
local function noteAttempts(key)
local values = call('HMGET', key, 'sw', 'atm')
local seq = string.match(values[1] or '', '^%d+')
if seq and seq ~= '0' then call('HSET', key, 'ab', seq .. ' ' .. (values[2] or 0)) end
end
local function failForGood(queue, id, job, reason, code)
local key = queue.key .. id
noteFailure(key, reason, code)
call('HSET', key, 'finishedOn', nowText)
call('HDEL', key, 'defa')
local prev = job.prev or 'active'
if code then tell(queue, 'failed', id, 'failedReason', reason, 'prev', prev, 'code', code)
else tell(queue, 'failed', id, 'failedReason', reason, 'prev', prev) end
if job.deid then endDeduplication(queue, id, job.deid) end
if job.parent then childFailed(job.parent, key, groupOf(key), reason) end
noteFinished(queue, 'failed', id)
return settle(queue, 'failed', id, job.opts, job.finishing)
end`;

const sharedHolding = String.raw`local function refusalTo(key, token)
if call('EXISTS', key) == 0 then return 0 end
local lock = token and call('GET', key .. ':lock')
if lock and lock ~= token then return -1 end
end
local function noteWrite(key, token)
if not token or call('GET', key .. ':lock') ~= token then return end
local stalled = call('HGET', key, 'stc')
if stalled then call('HSET', key, 'sb', stalled) end
end`;

const sharedLooking = String.raw`local function takeOut(queue, id)
for _, state in ipairs({ 'delayed', 'waiting-children', 'completed', 'failed', 'prioritized' }) do
if call('ZREM', queue.key .. state, id) == 1 then return state end
end
for _, list in ipairs({ 'active', 'wait', 'paused' }) do
if call('LREM', queue.key .. list, -1, id) == 1 then return list end
end
end
local function stateOf(queue, id)
for _, state in ipairs({ 'delayed', 'waiting-children', 'completed', 'failed', 'prioritized' }) do
if call('ZSCORE', queue.key .. state, id) then return state end
end
if call('EXISTS', queue.key .. id .. ':lock') == 1 or call('LPOS', queue.active, id) then return 'active' end
return 'waiting'
end
local function dueOf(queue, id, state)
if state == 'delayed' then
local score = call('ZSCORE', queue.key .. 'delayed', id)
return score and digits(math.floor(score / 4096))
elseif state == 'waiting-children' then
local waits = call('HGET', queue.key .. id, 'sa')
return waits and cmsgpack.unpack(waits)[2]
end
end`;

const sharedOnce = String.raw`local receiptKey, part = prefix .. '::calls:' .. take(), take()
local receipt = call('GET', receiptKey)
receipt = receipt and cmsgpack.unpack(receipt)
if receipt and receipt.part == part then return { time[1], time[2], unpack(receipt.answer) } end
local function once(...)
call('SET', receiptKey, cmsgpack.pack({ part = part, answer = { ... } }), 'PX', 60000)
return { time[1], time[2], ... }
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
local function putReady(queue, id, priority, atHead)
if priority == 0 then
if atHead then call('RPUSH', queue.wait, id)
elseif queue.arrived then queue.arrived[#queue.arrived + 1] = id
else queue.arrived = { id } end
else
call('ZADD', queue.key .. 'prioritized', placeInPriority(queue, priority * 4294967296, atHead), id)
end
queue.ready = true
end
local function makeReady(queue, id, priority, atHead, prev)
putReady(queue, id, priority, atHead)
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
if not deduplicationId then return end
local holder = call('GET', queue.key .. 'de:' .. deduplicationId)
if holder and holder ~= id then return end
call('DEL', queue.key .. 'de:' .. deduplicationId, queue.key .. 'dn:' .. deduplicationId)
end`;

const sharedPromoting = String.raw`local function promote(queue, id)
local values = call('HMGET', queue.key .. id, 'ss', 'priority')
call('HSET', queue.key .. id, 'delay', 0)
makeReady(queue, id, tonumber(values[2] or 0), values[1] and true, 'delayed')
end`;

const sharedReading = String.raw`local function answerWith(queue, ids, state)
local rest = {}
local answers = { time[1], time[2], lastEventOf(queue), rest }
for place, id in ipairs(ids) do
local fields = place <= 1000 and call('HGETALL', queue.key .. id) or {}
if place > 1000 then
rest[#rest + 1] = id
elseif #fields > 0 then
local where = state or stateOf(queue, id)
answers[#answers + 1] = id
answers[#answers + 1] = where
answers[#answers + 1] = dueOf(queue, id, where) or ''
answers[#answers + 1] = fields
end
end
return answers
end`;

const sharedRemoving = String.raw`local function isArmed(queue, id, scheduler)
local next = scheduler and call('ZSCORE', queue.key .. 'repeat', scheduler)
return next and id == 'repeat:' .. scheduler .. ':' .. digits(next)
end
local function isHeld(queue, id)
return call('EXISTS', queue.key .. id .. ':lock') == 1 or call('LPOS', queue.active, id)
end
local function holdsActive(job)
if isHeld(job.queue, job.id) then return true end
for _, child in ipairs(unfinishedChildren(job.queue.key .. job.id)) do
if holdsActive(child) then return true end
end
return false
end
local function removeKeys(queue, id, parent, group)
dropDeduplication(queue, id)
deleteJob(queue.key .. id)
if parent then childRemoved(parent, queue.key .. id, group) end
end
local function removeJob(queue, id)
local values = call('HMGET', queue.key .. id, 'parent', 'sp')
local prev = takeOut(queue, id)
tell(queue, 'removed', id, 'prev', prev or 'unknown')
removeKeys(queue, id, values[1], values[2])
end`;

const sharedReopening = String.raw`local function reopen(queue, id, prev, ...)
local key = queue.key .. id
call('HDEL', key, 'finishedOn', 'processedOn', 'returnvalue', 'failedReason', 'sc', 'defa', ...)
local values = call('HMGET', key, 'stc', 'priority', 'parent', 'opts')
if values[1] then call('HSET', key, 'sb', values[1]) end
call('HSET', key, 'delay', 0) -- it may have been cancelled in one
makeReady(queue, id, tonumber(values[2] or 0), string.find(values[4] or '', '"lifo":true', 1, true), prev)
if values[3] then childReopened(values[3], key) end
end`;

const sharedScheduling = String.raw`local function scheduledId(scheduler, due)
return 'repeat:' .. scheduler .. ':' .. digits(due)
end
local function nextOfInterval(every, offset, last, startDate)
local due
local function aligned()
local slot = math.floor(now / every) * every + offset
return slot > now and slot or slot + every
end
if last then due = last + every >= now and last + every or aligned()
elseif startDate then due = math.max(startDate, now)
else due = offset > 0 and aligned() or now end
if offset == 0 then offset = due - math.floor(due / every) * every end
return math.floor(due), math.floor(offset)
end
local function freeTime(queue, scheduler, due, every, replaced)
for _ = 1, every and 32 or 1 do
local id = scheduledId(scheduler, due)
if id == replaced or call('EXISTS', queue.key .. id) == 0 then return due end
due = due + (every or 0)
end
end
local function addScheduled(queue, scheduler, due, name, data, opts)
local id, delay, read = scheduledId(scheduler, due), math.max(due - now, 0), cjson.decode(opts)
local priority = tonumber(read.priority) or 0
local own = '{"jobId":' .. cjson.encode(id) .. ',"delay":' .. digits(delay)
local fields = { 'name', name, 'opts', own .. (opts == '{}' and '}' or ',' .. string.sub(opts, 2)), 'timestamp', nowText,
'delay', digits(delay), 'priority', digits(priority), 'rjk', scheduler }
local function set(field, value)
fields[#fields + 1] = field
fields[#fields + 1] = value
end
if data then set('data', data) end
if type(read.de) == 'table' then set('deid', tostring(read.de.id)) end
call('INCR', queue.key .. 'id')
call('HSET', queue.key .. id, unpack(fields))
tell(queue, 'added', id, 'name', name)
if delay > 0 then makeDelayed(queue, id, due) else makeReady(queue, id, priority, read.lifo == true) end
return id
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
local function hasRoom(queue)
local concurrency = metaOf(queue).concurrency
return concurrency and call('LLEN', queue.active) < concurrency and call('EXISTS', queue.wait, queue.prioritized) > 0
end
local function leave()
for key, queue in pairs(queues) do
addArrived(queue)
if queue.finished then addFinished(queue) end
if queue.freed and not queue.ready then queue.ready = hasRoom(queue) end
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

const sharedTurningAway = String.raw`local function replace(queue, holder, placeKey, id, de)
local values = call('HMGET', queue.key .. holder, 'parent', 'sp')
call('ZREM', queue.key .. 'delayed', holder)
deleteJob(queue.key .. holder)
tell(queue, 'removed', holder, 'prev', 'delayed')
if values[1] then childRemoved(values[1], queue.key .. holder, values[2]) end
tell(queue, 'deduplicated', id, 'deduplicationId', de.id, 'deduplicatedJobId', holder)
call('DEL', queue.key .. 'dn:' .. de.id)
if de.ttl > 0 and not de.extend and not de.keepLastIfActive then call('SET', placeKey, id, 'KEEPTTL')
else holdPlace(placeKey, id, de) end
end
local function keepForLater(queue, job, id, placeKey, de)
local nextKey = queue.key .. 'dn:' .. de.id
call('DEL', nextKey)
call('HSET', nextKey, 'name', job.name, 'data', job.data or '{}', 'opts', job.opts, 'jid', id)
if not job.data then call('HSET', nextKey, 'su', 1) end
call('PERSIST', placeKey)
end
local function putOff(queue, holder, job)
local due = job.timestamp + job.delay
call('HSET', queue.key .. holder, 'delay', job.delay)
if call('HEXISTS', queue.key .. holder, 'ss') == 1 then call('HSET', queue.key .. holder, 'sd', digits(math.ceil(due))) end
call('ZREM', queue.key .. 'delayed', holder)
makeDelayed(queue, holder, due)
end
local function turnedAwayBy(queue, job, id)
local de = deduplicationOf(job.opts)
local placeKey = queue.key .. 'de:' .. de.id
job.deid = de.id
local holder = call('GET', placeKey)
if not holder then return holdPlace(placeKey, id, de) end
local isDelayed = call('ZSCORE', queue.key .. 'delayed', holder)
if de.replace and isDelayed then return replace(queue, holder, placeKey, id, de) end
if call('PTTL', placeKey) == -1 and call('EXISTS', queue.key .. holder) == 0 then
call('DEL', queue.key .. 'dn:' .. de.id)
return holdPlace(placeKey, id, de)
end
local isKept = de.keepLastIfActive and call('LPOS', queue.active, holder)
if isKept then keepForLater(queue, job, id, placeKey, de)
elseif de.replace then return holder
elseif de.extend and de.ttl > 0 then holdPlace(placeKey, holder, de) end
tell(queue, 'deduplicated', holder, 'deduplicationId', de.id, 'deduplicatedJobId', id)
if de.reschedule and isDelayed and not de.replace then putOff(queue, holder, job) end
return holder
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
if ARGV[at + 1] == '0' then at = at + 1 else write.children = rare.takeJobs() end
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
rare.finishAdding()
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
write.queue.freed = true
endedLocks[#endedLocks + 1] = write.key .. ':lock'
call('LREM', write.queue.active, -1, write.id)
end`;

const writesCheckpoint = String.raw`function writes.checkpoint(write)
save(write, '-')
return '=-'
end`;

const writesCompleteRarely = String.raw`local function dropCheckpoint(write)
local saved = { 'sr', write.hasProgress and 'progress' or nil }
for _, name in ipairs(call('HKEYS', write.key)) do
if string.sub(name, 1, 3) == 'ss:' then saved[#saved + 1] = name end
end
callWithAll('HDEL', write.key, saved)
end
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
end`;

const writesComplete = String.raw`local function cursorOf(write)
for i = write.from, write.to, 2 do
if ARGV[i] == 'ss' then return ARGV[i + 1] end
end
end
function writes.complete(write, result, failuresSeen)
local key, queue, id = write.key, write.queue, write.id
if write.children or mayHaveChildren then
local waiting = rare.waitForChildren(write, result, failuresSeen)
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
local isKept = not (write.finishing or string.find(write.opts or '', 'removeOnComplete', 1, true))
or rare.settle(queue, 'completed', id, write.opts, write.finishing)
if not isKept then rare.leaveReceipt(write, '=completed') end
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
__index = function(self, name)`, sharedChildren, sharedDeduplicating, sharedTurningAway, sharedAddingRarely, String.raw`local defined = {
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
})`, sharedAdding, String.raw`local receiptKey = prefix .. '::adds:' .. take()
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
return { time[1], time[2], packed }`),
  armScheduler: script('arm-scheduler', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, sharedScheduling, String.raw`local queue, scheduler, claimed, opts, byPattern = queueNamed(take()), take(), take(), take(), takeOptional()
local key = queue.key .. 'repeat:' .. scheduler
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')
if not armed or claimed ~= scheduledId(scheduler, armed) then return { time[1], time[2], 0 } end
local values = call('HMGET', key, 'name', 'data', 'every', 'offset', 'su')
local own = cjson.decode(opts)['repeat'] -- one that doesn't say its interval has it from its jobs
local every = tonumber(values[3] or own.every or '')
local due = every and nextOfInterval(every, tonumber(values[4] or own.offset or 0), armed) or tonumber(byPattern or '')
if not due or not values[1] then return { time[1], time[2], 0 } end
due = freeTime(queue, scheduler, due, every)
if not due then return { time[1], time[2], 1 } end
call('ZADD', queue.key .. 'repeat', digits(due), scheduler)
call('HINCRBY', key, 'ic', 1)
addScheduled(queue, scheduler, due, values[1], not values[5] and (values[2] or '{}'), opts)
leave()
return { time[1], time[2], 0 }`),
  cancel: script('cancel', String.raw`#!lua flags=allow-oom`, sharedStore, sharedOnce, sharedPlaces, sharedLooking, sharedChildren, sharedDeduplicating, sharedFinishing, String.raw`local function cancel(queue, id, reason)
local key = queue.key .. id
local values = call('HMGET', key, 'name', 'finishedOn', 'sw', 'parent', 'opts', 'deid')
if not values[1] or values[2] then return 0 end
local children = unfinishedChildren(key)
local prev = takeOut(queue, id)
queue.freed = prev == 'active' or queue.freed
call('DEL', key .. ':lock')
call('HDEL', key, 'sa')
local seq, rest = string.match(values[3] or '', '^(%d+) (.*)$')
if seq and seq ~= '0' then call('HSET', key, 'sw', digits(seq + 1) .. ' ' .. rest) end
noteAttempts(key)
local job = { parent = values[4], opts = values[5], deid = values[6], prev = prev }
failForGood(queue, id, job, reason, 'JOB_CANCELLED')
for _, child in ipairs(children) do cancel(child.queue, child.id, reason) end
return 1
end
local queue, id = queueNamed(take()), take()
local done = cancel(queue, id, take())
leave()
return once(done)`),
  changeDelay: script('change-delay', sharedStore, sharedOnce, sharedPlaces, String.raw`local queue, id, due = queueNamed(take()), take(), tonumber(take())
if call('ZREM', queue.key .. 'delayed', id) == 0 then return { time[1], time[2], 0 } end
call('HSET', queue.key .. id, 'delay', math.max(math.ceil(due) - now, 0), 'sd', digits(math.ceil(due)))
makeDelayed(queue, id, due)
leave()
return once(1)`),
  changePriority: script('change-priority', sharedStore, sharedOnce, sharedPlaces, String.raw`local queue, id, priority, lifo = queueNamed(take()), take(), tonumber(take()), take() == '1'
if call('EXISTS', queue.key .. id) == 0 then return { time[1], time[2], 0 } end
if call('ZREM', queue.prioritized, id) == 1 or call('LREM', queue.wait, -1, id) == 1 then putReady(queue, id, priority, lifo) end
call('HSET', queue.key .. id, 'priority', priority)
leave()
return once(1)`),
  children: script('children', String.raw`#!lua flags=no-writes`, sharedStore, sharedChildren, String.raw`local parentKey = queueNamed(take()).key .. take()
local wanted = takeOptional()
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
return answers`),
  claim: script('claim', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, String.raw`local rare = {}`, sharedClaiming, sharedClaims, String.raw`setmetatable(rare, {
__index = function(self, name)`, sharedChildren, sharedDeduplicating, sharedFinishing, sharedClaimingRarely, String.raw`local defined = {
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
  clean: script('clean', sharedStore, sharedOnce, sharedPlaces, sharedLooking, sharedChildren, sharedRemoving, String.raw`local queue, state, age, limit, passed, isTold = queueNamed(take()), take(), tonumber(take()), tonumber(take()), tonumber(take()), take() == '1'
local key = queue.key .. (state == 'waiting' and 'wait' or state)
local isList, isFinished = state == 'waiting' or state == 'active', state == 'completed' or state == 'failed'
local before = now - age
local window = isFinished and math.min(limit, 1000) or 1000
local function lookedAt()
if isFinished then return call('ZRANGEBYSCORE', key, '-inf', before, 'LIMIT', 0, window) end
if not isList then return call('ZRANGE', key, passed, passed + window - 1) end
local ids, fromRight = call('LRANGE', key, -passed - window, -passed - 1), {}
for i = #ids, 1, -1 do fromRight[#fromRight + 1] = ids[i] end
return fromRight
end
local function mayGo(id, values)
if isFinished then return true end
local since = tonumber(values[3] or values[4] or '')
if since and since > before then return false end
return not isArmed(queue, id, values[5]) and call('EXISTS', queue.key .. id .. ':lock') == 0
end
local ids, removed = lookedAt(), {}
local stayed = 0
for _, id in ipairs(ids) do
if #removed == limit then break end
local values = call('HMGET', queue.key .. id, 'parent', 'sp', 'processedOn', 'timestamp', 'rjk')
if mayGo(id, values) then
queue.freed = queue.freed or state == 'active'
if isList then call('LREM', key, -1, id) else call('ZREM', key, id) end
removeKeys(queue, id, values[1], values[2])
removed[#removed + 1] = id
else
stayed = stayed + 1
end
end
if isTold and (#removed > 0 or passed == 0) then
call('XADD', queue.events, '*', 'event', 'cleaned', 'count', #removed)
queue.told = true
end
local woke = queue.ready and 1 or 0
leave()
return once(removed, stayed, #ids == window and 1 or 0, woke)`),
  countsPerPriority: script('counts-per-priority', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local queue = queueNamed(take())
local answers = { time[1], time[2] }
for _, priority in ipairs(takeList()) do
local lowest = priority * 4294967296
answers[#answers + 1] = priority == '0' and call('LLEN', queue.wait)
or call('ZCOUNT', queue.prioritized, digits(lowest), digits(lowest + 4294967295))
end
return answers`),
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
  get: script('get', String.raw`#!lua flags=no-writes`, sharedStore, sharedLooking, sharedReading, String.raw`local queue = queueNamed(take())
return answerWith(queue, takeList())`),
  layout: script('layout', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local key = queueNamed(take()).key
local function isMarker(id) return id and string.sub(id, 1, 2) == '0:' end
local marked = isMarker(call('LINDEX', key .. 'wait', 0)) or isMarker(call('LINDEX', key .. 'wait', -1))
return { time[1], time[2], call('HGET', key .. 'meta', 'version') or '', call('LLEN', key .. 'paused'), marked and 1 or 0 }`),
  limit: script('limit', sharedStore, String.raw`local queue = queueNamed(take())
while at < #ARGV do
local name, value = take(), takeOptional()
if value then call('HSET', queue.key .. 'meta', name, value) else call('HDEL', queue.key .. 'meta', name) end
end
queue.ready = call('EXISTS', queue.wait, queue.prioritized) > 0
leave()
return { time[1], time[2] }`),
  list: script('list', String.raw`#!lua flags=no-writes`, sharedStore, sharedLooking, sharedReading, String.raw`local queue, state, first, last, isReversed = queueNamed(take()), take(), tonumber(take()), tonumber(take()), take() == '1'
local key = queue.key .. (state == 'waiting' and 'wait' or state)
local function fromRight()
local list, result = call('LRANGE', key, -last - 1, -first - 1), {}
for i = #list, 1, -1 do result[#result + 1] = list[i] end
return result
end
local ids
if state == 'waiting' or state == 'active' then
ids = isReversed and call('LRANGE', key, first, last) or fromRight()
elseif (state == 'completed' or state == 'failed') ~= isReversed then
ids = call('ZREVRANGE', key, first, last)
else
ids = call('ZRANGE', key, first, last)
end
return answerWith(queue, ids, state)`),
  log: script('log', sharedStore, sharedOnce, sharedHolding, String.raw`local key, token, row, keep = queueNamed(take()).key .. take(), takeOptional(), take(), takeOptional()
local refusal = refusalTo(key, token)
if refusal then return { time[1], time[2], refusal } end
local count = call('RPUSH', key .. ':logs', row)
keep = tonumber(keep or string.match(call('HGET', key, 'opts') or '', '"kl":(%d+)') or count)
if keep < 1 then call('DEL', key .. ':logs') elseif keep < count then call('LTRIM', key .. ':logs', -keep, -1) end
return once(1, math.min(keep, count))`),
  logs: script('logs', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local key, first, last = queueNamed(take()).key .. take() .. ':logs', tonumber(take()), tonumber(take())
local rows
if take() == '1' then
rows = call('LRANGE', key, first, last)
else
local backwards = call('LRANGE', key, -last - 1, -first - 1)
rows = {}
for i = #backwards, 1, -1 do rows[#rows + 1] = backwards[i] end
end
return { time[1], time[2], rows, call('LLEN', key) }`),
  look: script('look', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local queue = queueNamed(take())
local values = call('HMGET', queue.key .. 'meta', 'paused', 'max')
local waits, due = call('EXISTS', queue.wait, queue.prioritized) > 0, nextDueOf(queue)
local again = due
local limiter = queue.key .. 'limiter'
local left = waits and call('PTTL', limiter) or 0
if left > 0 then again = math.min(due or math.huge, now + left) end
local isLimited = left > 0 and tonumber(call('GET', limiter) or 0) >= tonumber(values[2] or 9007199254740991)
local ready = not values[1] and not isLimited and (waits or due and due <= now)
return { time[1], time[2], ready and 1 or 0, again and digits(again) or '' }`),
  metrics: script('metrics', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local key, first, last = queueNamed(take()).key .. 'metrics:' .. take(), take(), take()
local values = call('HMGET', key, 'count', 'prevTS', 'prevCount')
return {
time[1], time[2],
values[1] or '0', values[2] or '0', values[3] or '0',
call('LRANGE', key .. ':data', first, last),
call('LLEN', key .. ':data'),
}`),
  obliterate: script('obliterate', sharedStore, sharedOnce, sharedPlaces, sharedLooking, sharedChildren, sharedRemoving, String.raw`local queue, force = queueNamed(take()), take() == '1'
if call('HEXISTS', queue.key .. 'meta', 'paused') == 0 then return { time[1], time[2], 'not-paused' } end
if not force and call('EXISTS', queue.active) == 1 then return { time[1], time[2], 'active' } end
local left = 1000
local function removeAll(ids)
left = left - #ids
for _, id in ipairs(ids) do
local values = call('HMGET', queue.key .. id, 'parent', 'sp')
removeKeys(queue, id, values[1], values[2])
end
end
local function removeList(name)
if left == 0 then return end
local ids = call('LRANGE', queue.key .. name, 0, left - 1)
call('LTRIM', queue.key .. name, #ids, -1)
removeAll(ids)
end
local function removeSet(name)
if left == 0 then return end
local ids = call('ZRANGE', queue.key .. name, 0, left - 1)
callWithAll('ZREM', queue.key .. name, ids)
removeAll(ids)
end
local function removeSchedulers()
if left == 0 then return end
local ids = call('ZRANGE', queue.key .. 'repeat', 0, left - 1)
callWithAll('ZREM', queue.key .. 'repeat', ids)
left = left - #ids
for _, id in ipairs(ids) do call('DEL', queue.key .. 'repeat:' .. id) end
end
removeSet('waiting-children')
removeList('active')
removeSet('delayed')
removeSchedulers()
removeSet('completed')
removeSet('failed')
removeList('wait')
removeList('paused')
removeSet('prioritized')
if left > 0 then
for _, name in ipairs({ 'events', 'stalled-check', 'stalled', 'id', 'pc', 'marker', 'meta', 'delay', 'metrics:completed',
'metrics:completed:data', 'metrics:failed', 'metrics:failed:data' }) do call('DEL', queue.key .. name) end
end
queues[queue.key] = nil -- nobody is woken here, and nothing is told
leave()
return once(left > 0 and 'obliterated' or 'more')`),
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
  promoteAll: script('promote-all', sharedStore, sharedOnce, sharedPlaces, sharedPromoting, String.raw`local queue, limit = queueNamed(take()), tonumber(take())
local key = queue.key .. 'delayed'
local ids = call('ZRANGE', key, 0, limit - 1)
callWithAll('ZREM', key, ids)
for _, id in ipairs(ids) do promote(queue, id) end
leave()
return once(#ids, call('ZCARD', key))`),
  promote: script('promote', sharedStore, sharedOnce, sharedPlaces, sharedPromoting, String.raw`local queue, id = queueNamed(take()), take()
if call('ZREM', queue.key .. 'delayed', id) == 0 then return { time[1], time[2], 0 } end
promote(queue, id)
leave()
return once(1)`),
  rateLimitTtl: script('rate-limit-ttl', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local queue, most = queueNamed(take()), takeOptional()
local limiter = queue.key .. 'limiter'
local max = tonumber(most or call('HGET', queue.key .. 'meta', 'max') or 0)
local isReached = tonumber(call('GET', limiter) or 0) >= max
return { time[1], time[2], isReached and math.max(call('PTTL', limiter), 0) or 0 }`),
  rateLimit: script('rate-limit', sharedStore, sharedOnce, String.raw`local queue, duration = queueNamed(take()), take()
local limiter = queue.key .. 'limiter'
local before = call('DEL', limiter)
if duration == '0' then
queue.ready = call('EXISTS', queue.wait, queue.prioritized) > 0
else
call('SET', limiter, '9007199254740991', 'PX', duration) -- BullMQ's manual limit is the largest number
end
leave()
return once(before)`),
  recover: script('recover', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, sharedChildren, sharedDeduplicating, sharedFinishing, String.raw`local queue = queueNamed(take())
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
noteAttempts(key)
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
  removeChildDependency: script('remove-child-dependency', sharedStore, sharedOnce, sharedPlaces, sharedChildren, String.raw`local key = queueNamed(take()).key .. take()
local values = call('HMGET', key, 'parent', 'sp')
local link = values[1] and readParent(values[1])
if not link or call('SISMEMBER', link.key .. ':dependencies', key) == 0 then return { time[1], time[2], 0 } end
childRemoved(values[1], key, values[2])
call('HDEL', key, 'parentKey', 'parent', 'sp')
leave()
return once(1)`),
  removeChildren: script('remove-children', sharedStore, sharedOnce, sharedPlaces, sharedLooking, sharedChildren, sharedRemoving, String.raw`local parentKey = queueNamed(take()).key .. take()
local count = 0
local function mayGo(child)
return not holdsActive(child) and call('HEXISTS', child.queue.key .. child.id, 'finishedOn') == 0
end
local function remove(child)
if not mayGo(child) then return end
local children = unfinishedChildren(child.queue.key .. child.id)
removeJob(child.queue, child.id)
count = count + 1
for _, each in ipairs(children) do remove(each) end
end
local isDone = true
for _, child in ipairs(unfinishedChildren(parentKey)) do
isDone = count < 100
if not isDone then break end
remove(child)
end
leave()
return once(isDone and 0 or 1)`),
  removeDeduplication: script('remove-deduplication', sharedStore, sharedOnce, String.raw`local key, holder = queueNamed(take()).key .. 'de:' .. take(), takeOptional()
if holder and call('GET', key) ~= holder then return { time[1], time[2], 0 } end
return once(call('DEL', key))`),
  removeScheduler: script('remove-scheduler', sharedStore, sharedOnce, sharedPlaces, sharedLooking, sharedComing, sharedChildren, sharedRemoving, sharedScheduling, String.raw`local queue, scheduler = queueNamed(take()), take()
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')
if not armed then return { time[1], time[2], 0 } end
local id = scheduledId(scheduler, armed)
if isComing(queue, id) then removeJob(queue, id) end
call('ZREM', queue.key .. 'repeat', scheduler)
call('DEL', queue.key .. 'repeat:' .. scheduler)
leave()
return once(1)`),
  remove: script('remove', sharedStore, sharedOnce, sharedPlaces, sharedLooking, sharedChildren, sharedRemoving, String.raw`local queue, id, withChildren = queueNamed(take()), take(), take() == '1'
local function remove(job)
local children = withChildren and unfinishedChildren(job.queue.key .. job.id) or {}
removeJob(job.queue, job.id)
for _, child in ipairs(children) do remove(child) end
end
local job = { queue = queue, id = id }
local values = call('HMGET', queue.key .. id, 'name', 'rjk', 'finishedOn')
if not values[1] then return { time[1], time[2], 'missing' } end
if withChildren and holdsActive(job) or isHeld(queue, id) then return { time[1], time[2], 'active' } end
if not values[3] and isArmed(queue, id, values[2]) then return { time[1], time[2], 'scheduled' } end
remove(job)
leave()
return once('removed')`),
  renew: script('renew', String.raw`#!lua flags=allow-oom`, sharedStore, String.raw`local lockDuration = take()
local answers = { time[1], time[2] }
for _ = 1, tonumber(take()) do
local lock = queueNamed(take()).key .. take() .. ':lock'
local held = call('GET', lock) == take()
answers[#answers + 1] = held and call('PEXPIRE', lock, lockDuration) or 0
end
return answers`),
  retryAll: script('retry-all', sharedStore, sharedOnce, sharedPlaces, sharedChildren, sharedReopening, String.raw`local queue, state, last, limit = queueNamed(take()), take(), take(), take()
local key = queue.key .. state
if tonumber(last) then last = '(' .. digits(math.floor(last) + 1) end -- thousandths are of the same millisecond
local ids = call('ZRANGEBYSCORE', key, '-inf', last, 'LIMIT', 0, limit)
callWithAll('ZREM', key, ids)
for _, id in ipairs(ids) do reopen(queue, id, state) end
leave()
return once(#ids, call('ZCOUNT', key, '-inf', last))`),
  retry: script('retry', sharedStore, sharedOnce, sharedPlaces, sharedChildren, sharedReopening, String.raw`local queue, id, wanted, resets = queueNamed(take()), take(), takeOptional(), takeList()
for _, state in ipairs({ 'completed', 'failed' }) do
if (wanted or state) == state and call('ZREM', queue.key .. state, id) == 1 then
reopen(queue, id, state, unpack(resets))
leave()
return once(1)
end
end
return { time[1], time[2], 0 }`),
  schedulers: script('schedulers', String.raw`#!lua flags=no-writes`, sharedStore, String.raw`local queue, ids = queueNamed(take()), takeList()
if #ids == 0 then
local first, last, ascending = take(), take(), take() == '1'
ids = call(ascending and 'ZRANGE' or 'ZREVRANGE', queue.key .. 'repeat', first, last)
end
local answers = { time[1], time[2] }
for _, id in ipairs(ids) do
local due = call('ZSCORE', queue.key .. 'repeat', id)
local fields = due and call('HGETALL', queue.key .. 'repeat:' .. id) or {}
if #fields > 0 then
for _, each in ipairs({ id, due, fields }) do answers[#answers + 1] = each end
end
end
return answers`),
  turn: script('turn', String.raw`#!lua flags=allow-oom`, sharedStore, sharedPlaces, String.raw`local writes, arguments, rare = {}, {}, {}
local mayHaveChildren`, sharedWriting, sharedClaiming, sharedClaims, writesCheckpoint, writesMoveToDelayed, writesComplete, writesRelease, String.raw`setmetatable(rare, {
__index = function(self, name)`, sharedChildren, sharedDeduplicating, sharedTurningAway, sharedAddingRarely, sharedAdding, sharedFinishing, sharedWritingRarely, sharedClaimingRarely, writesCompleteRarely, writesFail, writesMoveToWaitingChildren, String.raw`local defined = {
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
return { time[1], time[2], cmsgpack.pack(answers) }`),
  updateData: script('update-data', sharedStore, sharedOnce, sharedHolding, String.raw`local key, token, data = queueNamed(take()).key .. take(), takeOptional(), takeOptional()
local refusal = refusalTo(key, token)
if refusal then return { time[1], time[2], refusal } end
if data then call('HSET', key, 'data', data) else call('HDEL', key, 'data') end
noteWrite(key, token)
return once(1)`),
  updateProgress: script('update-progress', sharedStore, sharedOnce, sharedHolding, String.raw`local queue, id, token, progress = queueNamed(take()), take(), takeOptional(), take()
local key = queue.key .. id
local refusal = refusalTo(key, token)
if refusal then return { time[1], time[2], refusal } end
call('HSET', key, 'progress', progress)
noteWrite(key, token)
tell(queue, 'progress', id, 'data', progress)
leave()
return once(1)`),
  upsertScheduler: script('upsert-scheduler', sharedStore, sharedPlaces, sharedLooking, sharedComing, sharedChildren, sharedRemoving, sharedScheduling, String.raw`local receiptKey = prefix .. '::adds:' .. take()
local queue, scheduler, name, data, template, opts = queueNamed(take()), take(), take(), takeOptional(), take(), take()
local every, offset, byPattern, startDate = takeOptional(), takeOptional(), takeOptional(), takeOptional()
every, startDate = tonumber(every or ''), tonumber(startDate or '')
local more = takeList()
local key = queue.key .. 'repeat:' .. scheduler
local before = call('HMGET', key, 'every', 'offset', 'ic')
local armed = tonumber(call('ZSCORE', queue.key .. 'repeat', scheduler) or '')
local armedId = armed and scheduledId(scheduler, armed)
local isSame = armed and every and tonumber(before[1] or '') == every
local function nextDue(replaces)
local replaced = replaces and armedId
if not every then return freeTime(queue, scheduler, tonumber(byPattern), nil, replaced), 0 end
local due, found = nextOfInterval(every, tonumber(offset or 0), isSame and armed, startDate)
return freeTime(queue, scheduler, replaces and isSame and armed or due, every, replaced), found
end
local function store(due, kept)
local fields = { 'name', name, 'ic', before[3] or 1, unpack(more) }
local function set(field, value)
if not value then return end
fields[#fields + 1] = field
fields[#fields + 1] = value
end
set('offset', kept)
set('opts', template ~= '{}' and template)
set('data', data ~= '{}' and data)
set('su', not data and 1)
call('ZADD', queue.key .. 'repeat', digits(due), scheduler)
call('DEL', key)
call('HSET', key, unpack(fields))
end
local answer = call('GET', receiptKey)
if not answer then
local replaces = armed and isComing(queue, armedId)
local due, found = nextDue(replaces)
if not due then return { time[1], time[2] } end
if replaces then
local values = call('HMGET', queue.key .. armedId, 'parent', 'sp')
takeOut(queue, armedId)
removeKeys(queue, armedId, values[1], values[2])
store(due, offset or before[2])
else
store(due, digits(found))
end
answer = addScheduled(queue, scheduler, due, name, data, opts)
call('SET', receiptKey, answer, 'PX', 60000)
leave()
end
return { time[1], time[2], answer }`),
};
