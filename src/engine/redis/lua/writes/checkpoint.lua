-- Saves progress; the job stays active.
function writes.checkpoint(write)
  save(write, '-')
  return '=-'
end
