-- Saves and parks: the job is claimable again when it is due.
function writes.moveToDelayed(write, due)
  save(write, '-')
  endLease(write)
  sleepUntil(write, due)
  return '=-'
end

function arguments.moveToDelayed() return tonumber(take()) end
