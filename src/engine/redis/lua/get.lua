#!lua flags=no-writes
-- ARGV: queue, ids. Answers as shared/reading.lua says.
--- @include "shared/store"
--- @include "shared/looking"
--- @include "shared/reading"

local queue = queueNamed(take())
return answerWith(queue, takeList())
