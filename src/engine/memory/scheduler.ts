import type { Repeat, SchedulerRecord } from '../admin.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };

/** A job scheduler as the memory engine keeps it; the offset of its `repeat` is how far its times lie behind those of its interval. */
export interface Scheduler extends Mutable<SchedulerRecord> {
  /** As it was given: its jobs carry it. */
  readonly given: Repeat;
  /** Jobs that it has added since it was set up or changed: its limit is of these. */
  count: number;
}
