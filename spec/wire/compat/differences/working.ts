import type { Difference } from './difference.js';

export const ofWorking: readonly Difference[] = [
  {
    where: /^a job that throws an error without a message$/,
    theirs: /(?<=failedReason=)(?= prev|$)/,
    ours: /^found\.failedReason: .*|(?<=failedReason=)Error without a message/,
    why: 'a failure has a reason, if only the name of the error',
  },
  {
    where: /^a worker's own events$/,
    theirs: /(?<=^closing: ).*/,
    ours: /(?<=^closing: ).*/,
    why: 'the message says which worker closes',
  },
  {
    where: /^a job that is cancelled on its worker$/,
    ours: /JobCancelledError: (?=no more)/,
    why: 'the reason of a signal is an error, as of any AbortSignal: its message is the reason that was given',
  },
  {
    where: /^a parent that completes with children pending$/,
    theirs:
      /^(parent\.(failedReason|stacktrace|attemptsMade|finishedOn)|state): .*|^P:work:(events stream event=(failed|retries).*|failed .*|parent hash (atm|failedReason|finishedOn|stacktrace)=.*)/,
    ours: /^(parent\.attemptsMade|state): .*|^P:work:(events stream event=waiting-children .*|waiting-children .*)/,
    why: 'a job that returns while children are pending waits for them with its result in hand; BullMQ fails it',
  },
  {
    where: /^a queue's own events$/,
    theirs: /^progress: \["object", 2\]$/,
    ours: /^waiting: "2"$/,
    why: 'a queue tells of what was done through it: of addBulk(), too, and not of what was done through a job',
  },
];
