import type { Administration } from '../admin.js';
import { jobCalls } from './administration/jobs.js';
import { logCalls, type LogCalls } from './administration/logs.js';
import { limitCalls } from './administration/limits.js';
import { queueCalls } from './administration/queues.js';
import { schedulerCalls } from './administration/schedulers.js';
import { surveyCalls } from './administration/surveys.js';
import type { Store } from './store.js';

/** The Redis engine's administration. */
export function administration(store: Store): Administration & LogCalls {
  return {
    ...jobCalls(store),
    ...logCalls(store),
    ...queueCalls(store),
    ...surveyCalls(store),
    ...limitCalls(store),
    ...schedulerCalls(store),
  };
}
