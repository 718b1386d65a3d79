import type { Difference } from './difference.js';

export const ofRemoving: readonly Difference[] = [
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
