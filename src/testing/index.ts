export { JobTestBed, type JobTestBedOptions, type RunOptions } from './job-test-bed.js';
export type { RunHelpers } from './run-helpers.js';
