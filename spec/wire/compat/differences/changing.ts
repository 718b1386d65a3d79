import { keys, type Difference } from './difference.js';

export const ofChanging: readonly Difference[] = [
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
