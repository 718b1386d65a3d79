import type { Scripts } from '../stage.js';
import { adding } from './adding.js';
import { administering } from './administering.js';
import { deduplicating } from './deduplicating.js';
import { family } from './family.js';
import { flows } from './flows.js';
import { governing } from './governing.js';
import { jobCalls } from './job-calls.js';
import { listening } from './listening.js';
import { listing } from './listing.js';
import { lives } from './lives.js';
import { refusing } from './refusing.js';
import { scheduling } from './scheduling.js';
import { working } from './working.js';

/** BullMQ's calls, each in all that can come of it. */
export const scripts: Scripts = {
  ...adding,
  ...deduplicating,
  ...listing,
  ...administering,
  ...governing,
  ...jobCalls,
  ...family,
  ...flows,
  ...lives,
  ...working,
  ...scheduling,
  ...listening,
  ...refusing,
};
