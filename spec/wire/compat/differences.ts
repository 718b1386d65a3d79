/**
 * A difference that is meant: what one face says or leaves where the other doesn't. The matching part of a line is left out of
 * the comparison, on the side that it is told for; without a pattern that side has nothing of the kind.
 */
export interface Difference {
  /** The scripts in which it is looked for, by their titles; by default all. */
  readonly where?: RegExp;
  readonly theirs?: RegExp;
  readonly ours?: RegExp;
  readonly why: string;
}

/** All that a script was answered of a call, and of a job, member by member. */
function answersOf(call: string): RegExp {
  return new RegExp(`^${call}(\\[\\d\\])?(\\.[\\w\\[\\].]+)?: .*`);
}

/** All that is stored. */
const keys = /^P:.*/;

const ofAll: readonly Difference[] = [
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
    ours: /^P::(adds|claims|receipt|kept|upserts|removals):\S+ string expires .*/,
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

const ofAdding: readonly Difference[] = [
  {
    where: /^(add\(\) with a fixed backoff|a job scheduler's template)$/,
    theirs: /(?<=(added|answer)\.opts: .*backoff: )\{delay: \d+, type: "fixed"\}/,
    ours: /(?<=(added|answer)\.opts: .*backoff: )\d+/,
    why: 'the options of a job that was just added are those that were given; BullMQ rewrites a backoff that is a number',
  },
  {
    where: /^add\(\) of data of every kind$/,
    theirs: /^found: \{\}$/,
    ours: /^found: (\{\}|undefined)$/,
    why: 'data that is undefined is found to be so',
  },
  {
    where: /^add\(\) of an id of three parts$/,
    theirs: /^(three parts|P:).*/,
    ours: /^three parts: refused$/,
    why: 'no id holds a colon: BullMQ keeps those of three parts for its repeatable jobs of old',
  },
  {
    where: /^add\(\) of lifo and priority at once$/,
    theirs: /^order: \["a", "b", "first"\]|^P:work:prioritized .*/,
    ours: /^order: \["first", "a", "b"\]|^P:work:prioritized .*/,
    why: 'lifo counts among the jobs of one priority, too; BullMQ passes over it',
  },
  {
    where: /^a queue's settings$/,
    theirs: /^(has a version: "string"|the same: true)$/,
    ours: /^(has a version: "undefined"|the same: not there)$/,
    why: 'the version is that of BullMQ, if it has written one; there is no getVersion()',
  },
  {
    where: /^add\(\) of a child that is there already$/,
    theirs:
      /^(to another: refused|(dep|count).*|P:kids:events stream event=duplicated .*|P:kids:kid hash parent(Key)?=.*|P:work:parent:dependencies .*)/,
    ours: new RegExp(`${answersOf('to another').source}|^(dep|count).*|^P:kids:events stream event=duplicated .*`),
    why: 'adding an id again adds nothing and changes nothing: BullMQ makes the job a child, if it has no parent yet',
  },
  {
    where: /^(add\(\) of a child that|FlowProducer\.add\(\) of children that) (has|have) completed/,
    theirs: /^(values|dependencies.*|count): .*|^P:kids:kid hash parent(Key)?=.*|^P:work:\w+:processed .*/,
    ours: /^(values|dependencies.*|count): .*/,
    why: 'a job that was there before is no child: its result is asked for where it was added',
  },
  {
    where: /^a deduplication and a parent$|^flows that are refused$/,
    theirs: new RegExp(`^(answer|a child with one that keeps the last): refused$|${keys.source}`),
    ours: new RegExp(`${answersOf('(answer|a child with one that keeps the last)').source}|${keys.source}`),
    why: 'a child may have a deduplication: one that is turned away is no child, and its parent does not wait for it',
  },
  {
    where: /^FlowProducer\.addBulk\(\)$/,
    theirs: /^P:kids:events stream .* jobId=pair\b.*/,
    ours: /^P:kids:events stream .* jobId=pair\b.*/,
    why: 'trees are added one after the other; BullMQ adds their roots first',
  },
  {
    where: /^jobs in bulk of which one is wrong$/,
    theirs: new RegExp(`${answersOf('of no parent').source}|^counts: .*waiting: 1.*|${keys.source}`),
    ours: /^of no parent: refused|^counts: .*waiting: 0.*/,
    why: 'up to 1,000 jobs are added all or none; BullMQ adds the others, and answers -5 as the id of the one that it did not add',
  },
  {
    where: /^deduplication by keeping the last if active, of jobs that run$/,
    theirs: /^P:work:events stream event=completed jobId=1 .*/,
    ours: /^P:work:events stream event=completed jobId=1 .*/,
    why: 'the job that was kept back is added when the one before has completed; BullMQ tells of it the other way round',
  },
];

const ofLooking: readonly Difference[] = [
  {
    where: /^(jobs of several states|counts|clean\(\) of nothing|calls with arguments)/,
    theirs:
      /^(of no state|paused|no such state|getJobs of a wrong state): \[\]$|^(paused|getJobCounts of a wrong state): \{.*|^P:work:events stream event=cleaned count=0$/,
    ours: /^(of no state|paused|no such state|getJobs of a wrong state|getJobCounts of a wrong state): refused$|^P:work:events stream event=cleaned count=0$/,
    why: 'a state that is none is refused; paused was one of BullMQ 5, and is the queue since then, not a job',
  },
  {
    where: /^who works on a queue$/,
    theirs: /(?<=^their names: .*:w:)ann(?=")|^events: .*/,
    ours: /(?<=^their names: .*:w:)stepstream-[\w-]+(?=")|^events: .*/,
    why: 'a connection is shared by all workers of a queue in a process, and by all who hear its events: it has the name of neither',
  },
  {
    where: /^counts$/,
    theirs: /^prometheus: .*/,
    ours: /^prometheus: not there$/,
    why: 'there is no exportPrometheusMetrics(): exporters of BullMQ read our queues',
  },
  {
    where: /^children of every outcome, in pages$/,
    theirs: /^(each|one): .*|^pending: .*/,
    ours: /^(each|one): .*|^pending: not there$/,
    why: 'a cursor of 0 says that there are no more failed children, as of the other kinds; a queue has no getDependencies() of its own',
  },
  {
    where: /^(rateLimit\(\)|rate limit of a queue)$/,
    theirs: /^none: -2$|(?<=^meta: .*), "version"/,
    ours: /^none: 0$/,
    why: 'without a limit nothing has to be waited for: 0 milliseconds',
  },
  {
    where: /^toJSON\(\) and asJSON\(\)$/,
    theirs: /^as(JSON| text): .*/,
    ours: /^as(JSON: not there| text: .*)/,
    why: 'toJSON shows the members of a job; asJSON is how BullMQ writes one into Redis',
  },
  {
    where: /^waitUntilFinished\(\)$/,
    theirs: /(?<=^ended: .*)null/,
    ours: /(?<=^ended: .*)undefined/,
    why: 'a result that is undefined is awaited as such',
  },
];

const ofRemoving: readonly Difference[] = [
  {
    where: /^(drain|clean)\(\)/,
    ours: /^P:work:events stream event=waiting jobId=\w+ prev=waiting-children$/,
    why: 'a parent whose last child was removed is told of as it begins to wait, whatever has removed the child',
  },
  {
    where: /^clean\(\) of wait(ing)? jobs$/,
    theirs: /(?<=\[*)"c", "b"/,
    ours: /(?<=\[*)"b", "c"/,
    why: 'the ids of jobs that were cleaned come in the order in which those would have run',
  },
  {
    where: /^obliterate\(\)$/,
    theirs: /^P:work:(parent\b|waiting-children).*|(?<=^counts: .*waiting-children: )1/,
    ours: /(?<=^counts: .*waiting-children: )0/,
    why: 'all jobs go with the queue: BullMQ leaves those that wait for their children',
  },
  {
    where: /^remove\(\) of (job parent|a waiting-children job)$/,
    theirs:
      /^P:work:events stream event=(waiting jobId=parent prev=waiting-children|removed jobId=parent prev=wait)$|^P:work:marker .*/,
    ours: /^P:work:events stream event=removed jobId=parent prev=waiting-children$/,
    why: 'a parent that is removed does not begin to wait first',
  },
  {
    where: /^remove\(\) of a parent with children of every state$/,
    theirs: /^P:kids:.*|^children: .*/,
    ours: /^P:kids:.*|^children: .*/,
    why: 'finished children stay when their parent is removed, under their own removal options; BullMQ removes them, too',
  },
];

const ofChanging: readonly Difference[] = [
  {
    where: /^promoteJobs\(\)$|^(the jobs of a job scheduler|a job scheduler that ends)/,
    theirs: /^(counts|one\.delay): .*|^P:work:(14|d1|d2|repeat:\S+) hash delay=.*|^P:work:wait list 14$/,
    ours: /^counts: .*|^P:work:(14|d1|d2|repeat:\S+) hash delay=.*|^P:work:prioritized zset 14=.*/,
    why: 'promoteJobs() does to each job what promote() does: it is delayed no more, and waits by its priority',
  },
  {
    where: /^update(Data|Progress)\(\) of a removed job$/,
    theirs: /^the job\.(data|progress): .*/,
    ours: /^the job\.data: .*/,
    why: 'a call that is refused leaves the object as it was',
  },
  {
    where: /^retry\(\) of a completed job$/,
    theirs: new RegExp(`^answer: refused|^.*\\.(returnvalue|processedOn|finishedOn): .*|${keys.source}`),
    ours: new RegExp(`^answer: undefined|${keys.source}`),
    why: 'retry() takes a job that has finished, however it has, unless it is told which',
  },
  {
    where: /^moveToWaitingChildren\(\) of a (waiting|prioritized|delayed|active|completed|failed) job$/,
    theirs: /^answer: false$/,
    ours: /^answer: refused$/,
    why: 'only the function that runs a job moves it',
  },
  {
    where: /^removeChildDependency\(\) of a/,
    theirs: /^(answer|again): refused$/,
    ours: /^(answer|again): false$/,
    why: 'a job that is no child has no dependency to remove: false says so',
  },
  {
    where: /^a job scheduler by (a limit of )?every(?!, at once)/,
    theirs: /(?<=^answer\.opts: .*)jobId: "repeat:one:undefined"/,
    ours: /(?<=^answer\.opts: .*)jobId: "repeat:one:\S+"/,
    why: "the id of a scheduler's job is the one that it has, in its options, too",
  },
  {
    theirs: /, offset: null(?=[,}])/,
    ours: /(?<=opts: .*|^ran: .*), repeatJobKey: "one"(?=, timestamp)/,
    why: 'the options of a job that a scheduler has added are those that are stored',
  },
  {
    where: /^job schedulers that are refused$/,
    theirs: new RegExp(`^(ended already: refused|a limit of 0: undefined|a negative every.*|count: 1)|${keys.source}`),
    ours: /^(ended already: undefined|a limit of 0: refused|a negative every: refused|count: 0)$/,
    why: 'an interval below 0 and a limit of 0 are refused; a scheduler that has ended already is none, and undefined says so',
  },
];

const ofWorking: readonly Difference[] = [
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

const ofRefusing: readonly Difference[] = [
  {
    where:
      /^a job with (an empty id|an id with a space|a negative|negative|a delay that is no number|an unknown option|a repeat|attempts with|removeOnComplete that)/,
    theirs: new RegExp(`^added( in bulk)?: (?!refused).*|${keys.source}`),
    ours: /^added( in bulk)?: refused$/,
    why: 'an option that is misspelt, or will not do, is refused before anything is added',
  },
  {
    where: /^a job with (an id that is the name of a key|a parent (that is not there|whose queue has no prefix))$/,
    theirs: new RegExp(`^added in bulk: (?!refused).*|${keys.source}`),
    ours: /^added in bulk: refused$/,
    why: 'addBulk() checks as add() does: by BullMQ a job would overwrite the queue itself, or has -5 as its id',
  },
  {
    where: /^a job with a delay of NaN$/,
    theirs: /^P:work:id string 2$/,
    why: 'what is refused has counted no id',
  },
  {
    where:
      /^a worker with (a concurrency with a fraction|a lockDuration|an unknown|a drainDelay$|a run|threads|no renewal)|^a queue with /,
    theirs: /^made: "object"$|^P:work:meta .*/,
    ours: /^made: refused$/,
    why: 'an option that is misspelt, unknown or will not do is refused, and by what name the others go',
  },
  {
    where: /^a queue whose name is '(a b|ü|\{a\})'/,
    theirs: /^(made|worked on): ".+"$/,
    ours: /^(made|worked on): refused$/,
    why: 'names have letters, digits, and _ . - / #: nothing that forges a key or a pattern',
  },
  {
    where: /^data that JSON has no place for$/,
    theirs: /^(NaN|map|function|undefined): .*|^P:work:.*/,
    ours: /^(NaN|map|function|undefined): refused$|^P:work:.*/,
    why: 'what JSON would lose in silence is refused with the path to it',
  },
  {
    where: /^calls with arguments that are wrong$/,
    theirs:
      /^(changeDelay below 0|changePriority too high|setGlobalConcurrency of 0|setGlobalRateLimit of 0|clean below 0): (?!refused).*|^P:work:(?!wait).*/,
    ours: /^(changeDelay below 0|changePriority too high|setGlobalConcurrency of 0|setGlobalRateLimit of 0|clean below 0): refused$|^P:work:(?!wait).*/,
    why: 'arguments that will not do are refused before anything is done',
  },
  {
    where: /^counts$|^calls with arguments that are wrong$/,
    theirs: /^getDelayedCount of a fraction: refused$|^delayed until: 2$/,
    ours: /^getDelayedCount of a fraction: 1$|^delayed until: 3$/,
    why: 'getDelayedCount() counts all that are delayed: it takes no time',
  },
];

export const differences: readonly Difference[] = [
  ...ofAll,
  ...ofAdding,
  ...ofLooking,
  ...ofRemoving,
  ...ofChanging,
  ...ofWorking,
  ...ofRefusing,
];
