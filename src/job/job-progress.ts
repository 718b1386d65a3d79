/** What `job.progress$` emits, and what a job's `progress` is: a saved emission of a step. */
export interface JobProgress<Emission = unknown> {
  readonly step: string;
  readonly visit: number;
  /** Absent when it is undefined, or larger than 8 KiB. */
  readonly emission?: Emission;
  readonly bytes: number;
  /** Emissions that this one stands for: those which came up while a write was under way. */
  readonly count: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}
