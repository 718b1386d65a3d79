import type { Difference } from './difference.js';

export const ofAll: readonly Difference[] = [
  // --- jobs, as they are told ---
  {
    theirs: /^.*\.returnvalue: null$/,
    ours: /^.*\.returnvalue: null$/,
    why: 'undefined is told from null: a job that has no result has none',
  },
  { theirs: /^.*\.progress: 0$/, why: 'a job that has told no progress has none: 0 is one that may be told' },
  { theirs: /(?<=^(?!P:).*\{)attempts: 0(, )?/, why: 'opts are those that were given' },
  {
    theirs: /^.*\.(stacktrace: \[\]|delay: 0 h)$/,
    ours: /^.*\.(stacktrace: \[\]|delay: 0 h)$/,
    why: 'the stacks are a list and the delay is a number from the first: of a job that was just added, too',
  },
  {
    theirs: /(?<=\.parent: \{.*)(?:[cf]pof|idof): true, |(?<=\.parent: \{.*), rdof: true/,
    why: 'job.parent names the parent; what a failure does to it stands in the options',
  },
  {
    theirs: /^.*\.(failedReason|processedOn|finishedOn): null$/,
    why: 'what a job that is retried has lost is undefined, as it was before',
  },

  // --- what is stored ---
  {
    ours: /^P::(adds|calls|claims|receipt):\S+ string expires .*/,
    why: 'a call that is sent again finds its answer there, for a minute',
  },
  {
    ours: /^P:\w+:\S+ hash (ss|sw|sp|sn|sr|sa|sb|sd|sc|su)=.*|^P:\w+:\S+ hash (sk|sf):.*/,
    why: 'fields of our own: the cursor, the last write, the children in their order, a result that waits for them, why one failed',
  },
  {
    theirs: /(?<=returnvalue=| P:\S+=)null\b|^P:\w+:\S+ hash returnvalue=null$/,
    ours: /(?<=returnvalue=| P:\S+=) ?null\b|^P:\w+:\S+ hash returnvalue=null$/,
    why: 'undefined is stored as absence, and where there must be something as a null that BullMQ reads as one',
  },
  {
    theirs: /^P:\w+:\S+ hash data=\{\}$|^.*\.data: \{\}$/,
    ours: /^P:\w+:\S+ hash data=\{\}$|^.*\.data: \{\}$/,
    why: 'data that is undefined stays so: BullMQ makes an empty object of it',
  },
  {
    theirs: /(?<=^P:\w+:pc string )\d+|(?<=^P:\w+:prioritized zset \S+=)\d+/,
    ours: /(?<=^P:\w+:pc string )\d+|(?<=^P:\w+:prioritized zset \S+=)\d+/,
    why: 'places among jobs of one priority are counted from a million: what goes before them has room',
  },
  {
    theirs: /^P:[^:]+:meta hash (version=bullmq:\S+|opts\.maxLenEvents=10000)$/,
    ours: /^P:[^:]+:meta hash opts\.maxLenEvents=10000$/,
    why: "the version is BullMQ's, which ours is not, and settings are written with the first job, not by a look at the queue",
  },
  { ours: / code=[A-Z_]+$/, why: 'an error of ours keeps its class: who waits for the result gets it back' },
  {
    ours: /^P:\w+:events stream event=drained$/,
    theirs: /^P:\w+:events stream event=drained$/,
    where:
      /^(children of|a grandchild|FlowProducer|remove\(\) of a parent|the jobs of a job scheduler|a job scheduler by every, at once|a parent that completes)/,
    why: "drained is told when nothing waits, be there delayed jobs or not, as BullMQ's documentation has it",
  },
];
