import type { JobOptions } from '../engine/records.js';
import type { Job } from '../job/job.js';

/** A job with the children that it waits for, which may have children of their own. */
export interface FlowJob<Data = any> {
  readonly name: string;
  readonly queueName: string;
  readonly data?: Data;
  readonly opts?: JobOptions;
  readonly children?: readonly FlowJob[];
}

/** A flow that was added, or is looked at. */
export interface JobNode {
  readonly job: Job;
  readonly children?: JobNode[];
}

/** Options of the jobs of a flow, by queue. */
export interface FlowOptions {
  readonly queuesOptions?: Readonly<Record<string, { readonly defaultJobOptions?: JobOptions }>>;
}

/** Which flow is looked at: from its topmost job on. */
export interface FlowQuery {
  readonly id: string;
  readonly queueName: string;
  /** Generations. Default 10. */
  readonly depth?: number;
  /** Of each kind of each job: completed, pending, failed. Default 20. */
  readonly maxChildren?: number;
}
