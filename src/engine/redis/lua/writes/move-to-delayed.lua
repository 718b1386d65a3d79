-- Saves and parks: the job is claimable again when it is due.
function writes.moveToDelayed(write, due)
  save(write, '-')
  endLease(write)
  call('HSET', write.key, 'delay', math.max(math.ceil(due) - now, 0))
  makeDelayed(write.queue, write.id, due)
  return '=-'
end
