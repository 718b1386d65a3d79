import { answersOf, keys, type Difference } from './difference.js';

export const ofAdding: readonly Difference[] = [
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
    where: /^FlowProducer\.add\(\) of children that wait already$/,
    theirs:
      /^(state|dependencies): .*|^P:kids:kid hash parent(Key)?=.*|^P:work:(root:dependencies|waiting-children) .*/,
    ours: /^(state|dependencies): .*|^P:work:events stream event=waiting .*|^P:work:(marker|wait) .*/,
    why: 'a job that is there, and waits, is no child of the flow that names its id: the flow does not wait for it',
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
