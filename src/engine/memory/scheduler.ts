import type { SchedulerRecord } from '../admin.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A job scheduler as the memory engine keeps it. */
export interface Scheduler extends Mutable<SchedulerRecord> {
  /** Jobs that it has added since it was set up or changed: its limit is of these. */
  count: number;
  /** How far its times lie behind the multiples of its interval. */
  phase: number;
}
