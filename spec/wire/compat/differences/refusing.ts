import { keys, type Difference } from './difference.js';

export const ofRefusing: readonly Difference[] = [
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
