import * as bullmq from 'bullmq';
import * as stepstream from 'stepstream';

/** The classes that scripts call: BullMQ's, or ours in their place. */
export type Face = Pick<
  typeof bullmq,
  | 'Queue'
  | 'Worker'
  | 'FlowProducer'
  | 'QueueEvents'
  | 'DelayedError'
  | 'WaitingChildrenError'
  | 'UnrecoverableError'
  | 'RateLimitError'
>;

export const theirs: Face = bullmq;
export const ours = stepstream as unknown as Face;
