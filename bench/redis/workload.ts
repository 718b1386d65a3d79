import type { Stage } from './stage.js';

/** How much of a workload is run. */
export interface Load {
  /** Jobs, parents or samples. */
  readonly size: number;
  readonly concurrency: number;
  /** Of a job's data, as JSON. */
  readonly bytes: number;
  readonly steps: number;
}

/** What a round has found, beside the counts that its stage has read from Redis. */
export interface Figures {
  readonly perSecond?: number;
  /** CPU of this process per job or checkpoint, in microseconds. */
  readonly client?: number;
  /** CPU of Redis per job or checkpoint, in microseconds. */
  readonly redis?: number;
  /** Of Redis' memory, per job. */
  readonly bytes?: number;
  /** Milliseconds. */
  readonly samples?: readonly number[];
}

/** One side's way of doing a row's work. It returns when Redis shows that all of it is done. */
export type Workload = (stage: Stage, load: Load) => Promise<Figures>;

export type SideName = 'bullmq' | 'stepstream' | 'bare';
