#!lua flags=no-writes
-- ARGV: queue, ids. Answers the time, the number of the queue's last event, per job: id, state, due, hash, or none that
-- doesn't exist.
--- @include "shared/store"
--- @include "shared/places"
--- @include "shared/looking"
--- @include "shared/reading"

local queue = queueNamed(take())
return answerWith(queue, takeList())
