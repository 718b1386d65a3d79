// Whole jobs in virtual time.
export { JobTestBed, type JobTestBedOptions, type RunOptions } from './job-test-bed.js';
export type { RunHelpers } from './run-helpers.js';
export type { AssertLine, ExpectJob, ExpectStep } from './expectations.js';
export type { Pinned } from './job-letters.js';
export type { JobHandle } from './job-handle.js';
export type { Machine } from './machine.js';
export type { AddOptions } from './world.js';
export type { TraceEvent, TraceType } from './trace.js';

// Jobs that an older version of the code has left.
export { saveJob, type StoredChild, type StoredJob } from './stored-job.js';

// One step by hand.
export { fakeStepJob, type FakeGate, type FakeStepJobOptions } from './fake-step-job.js';
export type { FakeChild } from './fake-children.js';

// A crash at every boundary.
export { crashMatrix, type CrashMatrixOptions } from './crash-matrix.js';
export type { CrashMatrix, CrashRow, Repeated } from './crash-report.js';
export type { CrashWorld, Played } from './crash-play.js';
