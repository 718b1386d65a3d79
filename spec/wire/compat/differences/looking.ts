import type { Difference } from './difference.js';

export const ofLooking: readonly Difference[] = [
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
