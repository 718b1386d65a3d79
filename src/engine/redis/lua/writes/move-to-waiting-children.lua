-- Saves and parks until what the job waits for has come; when it has already, the job stays active.
function writes.moveToWaitingChildren(write, waits)
  addChildren(write)
  if isSettled(write.key, waits) then
    save(write, 'held')
    return '=held'
  end
  save(write, 'parked')
  park(write, waits)
  return '=parked'
end

arguments.moveToWaitingChildren = takeWaits
