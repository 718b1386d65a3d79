-- Saves and puts the job back at the head of the queue.
function writes.release(write)
  save(write, '-')
  endLease(write)
  makeReady(write.queue, write.id, priorityOf(write), true, 'active')
  return '=-'
end
