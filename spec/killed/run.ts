import type { Histories } from './history.js';
import type { Line } from './log-file.js';
import type { Order } from './orders.js';
import type { StoredJobs } from './stored-jobs.js';

/** All that is known of a run when it is over, none of it told by the code under test. */
export interface Run {
  /** The producer's list: orders whose adding was acknowledged, by id. */
  readonly orders: ReadonlyMap<string, Order>;
  /** What the workers did, from their file. */
  readonly lines: readonly Line[];
  /** What was committed, from the store's journal. */
  readonly histories: Histories;
  /** What is there at the end, as BullMQ reads it. */
  readonly stored: StoredJobs;
  /** When workers were killed, by name. */
  readonly killed: ReadonlyMap<string, number>;
  /** When workers were stopped, and when they were to go on, by name. */
  readonly frozen: ReadonlyMap<string, { readonly from: number; readonly to: number }>;
}

/** The worker whose lease it is: tokens are `<connection>:<process>:<number>`. */
export function workerOf(token: string): string {
  return token.split(':')[1] ?? '';
}
