/** Why a program comes to what it comes to, when its process is killed somewhere. */
export const nothingDone = 'nothing was done';
export const saved = 'a step that is saved is not done again';
export const repeats = 'the page saves a step when its work is done: in between, the work is done again';
export const delayedTwice =
  'the page delays the job before it saves the step: in between, the step is done and delays it again';
export const addsTwice =
  'the page adds its children without ids, and saves the step then: in between, they are added twice';
export const waits = 'it waits anew, or finds its children done';
export const wakes = 'the last child wakes it for whoever is there';
export const nothingLeft = 'there is nothing left to do when it is due';
export const nothingReturned = 'the page enters its loop no more, and so returns nothing';
export const over = 'it is over';
