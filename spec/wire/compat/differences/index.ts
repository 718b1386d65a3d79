import type { Difference } from './difference.js';
import { ofAdding } from './adding.js';
import { ofChanging } from './changing.js';
import { ofAll } from './everywhere.js';
import { ofLooking } from './looking.js';
import { ofRefusing } from './refusing.js';
import { ofRemoving } from './removing.js';
import { ofWorking } from './working.js';

/** All that is meant to differ between BullMQ's calls and ours, with the reasons. */
export const differences: readonly Difference[] = [
  ...ofAll,
  ...ofAdding,
  ...ofLooking,
  ...ofRemoving,
  ...ofChanging,
  ...ofWorking,
  ...ofRefusing,
];
