import type { LiveActivation } from './live-activation.js';

/** What a worker does with the jobs that it takes: its function, or the steps of processors. */
export interface JobRunner {
  /** Whether a function runs the jobs: it may move them by itself. */
  readonly isFunction: boolean;
  /** Milliseconds that a close waits for the jobs unless it says so itself. */
  readonly grace: number;
  run(activation: LiveActivation): void;
  /** Ends the run of a job; what becomes of the job is up to the runner. */
  cancel(activation: LiveActivation, reason: string): void;
}
