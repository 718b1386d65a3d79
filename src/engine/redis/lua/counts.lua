#!lua flags=no-writes
-- ARGV: queue. Answers the time and the number of jobs in each state.
--- @include "shared/store"

local key = queueNamed(take()).key
return {
  time[1], time[2],
  call('LLEN', key .. 'wait') + call('LLEN', key .. 'paused'),
  call('ZCARD', key .. 'prioritized'),
  call('ZCARD', key .. 'delayed'),
  call('LLEN', key .. 'active'),
  call('ZCARD', key .. 'waiting-children'),
  call('ZCARD', key .. 'completed'),
  call('ZCARD', key .. 'failed'),
}
