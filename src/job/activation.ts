import type { Awaitable } from '../engine/awaitable.js';
import type { Clock } from '../engine/clock.js';
import type { CompleteAnswer, Waiting } from '../engine/engine.js';
import type { ChildRecord, Failure, JobRecord, Lease, Payload, Write } from '../engine/records.js';
import type { ObservedActivation } from '../telemetry/observed.js';
import type { LogFields } from './logger.js';
import type { Turn } from './turn.js';

/** How an activation ended. */
export type Outcome =
  | { readonly type: 'completed'; readonly result: Payload | undefined }
  | { readonly type: 'failed'; readonly error: unknown }
  | { readonly type: 'retried'; readonly error: unknown }
  | { readonly type: 'delayed' | 'waiting-children' | 'released' }
  | { readonly type: 'lost'; readonly error: unknown };

/**
 * One run of a job on a worker, from claim until it parks, settles, fails or loses its lease. Whoever runs the job
 * writes through this alone, so each write carries the lease, and ends it once with `end`.
 */
export interface Activation {
  readonly job: JobRecord;
  readonly lease: Lease;
  readonly clock: Clock;
  readonly turn: Turn;
  /** The worker closes: go on to the next durable write, then `release`. */
  readonly draining: boolean;

  /** Whether the lease can still be the job's, by the local clock: asked before each write and before a gate answers. */
  trusted(): boolean;

  checkpoint(write: Write): Awaitable<void>;
  /** @param staysInSlot whoever runs it goes on for a while: the worker's slot is free at `end` only */
  moveToDelayed(write: Write, due: number, staysInSlot?: boolean): Awaitable<void>;
  moveToWaitingChildren(write: Write, waiting: Waiting): Awaitable<boolean>;
  complete(write: Write, result: Payload | undefined, failuresSeen: number): Awaitable<CompleteAnswer>;
  fail(write: Write, failure: Failure, retryAt?: number): Awaitable<void>;
  release(write: Write): Awaitable<void>;
  children(group?: string): Awaitable<readonly ChildRecord[]>;
  log(row: string): void;

  /** Frees the worker's slot; called exactly once, after the last write was acknowledged. */
  end(outcome: Outcome): void;
  /** `stop` is called when the activation must not go on: its lease is lost, or the grace of a close is over. */
  onStop(stop: (why: 'lost' | 'closing') => void): void;
  /** `look` is called with each renewal of the lease, every few seconds: what it looks for needs no timer of its own. */
  onRenewal(look: (lockDuration: number) => void): void;
  /** What the operator should hear of: a job that is parked in spite of open work, or a job that is put back. */
  warn(message: string, fields?: LogFields): void;
  /** As telemetry sees it, where there is some. */
  readonly observed?: ObservedActivation | undefined;
}
