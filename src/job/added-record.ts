import type { JobRecord, NewJob } from '../engine/records.js';

/** A job's record as it is right after it was added. */
export function addedRecord(job: NewJob, id: string): JobRecord {
  const { queue, name, data, opts, timestamp, parent } = job;
  const { delay = 0, priority = 0 } = opts;
  return {
    id,
    queue,
    name,
    data,
    opts,
    timestamp,
    parent,
    state: job.hasChildren ? 'waiting-children' : delay > 0 ? 'delayed' : priority > 0 ? 'prioritized' : 'waiting',
    due: delay > 0 ? timestamp + delay : undefined,
    delay,
    priority,
    seq: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    processedOn: undefined,
    finishedOn: undefined,
    progress: undefined,
    returnvalue: undefined,
    failedReason: undefined,
    failedCode: undefined,
    stacktrace: [],
    processedBy: undefined,
    deferredFailure: undefined,
    deduplicationId: opts.deduplication?.id,
    scheduler: undefined,
    returned: undefined,
    checkpoint: undefined,
    eventId: 0,
  };
}
