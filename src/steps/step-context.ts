import type { Subscription } from 'rxjs';
import type { Awaitable } from '../engine/awaitable.js';
import type { Clock } from '../engine/clock.js';
import type { ChildRecord } from '../engine/records.js';
import type { Payloads } from '../job/payloads.js';
import type { Turn } from '../job/turn.js';
import type { Route } from './route.js';
import type { Writer } from './writer.js';

/** A running step, as its gates see it. */
export interface StepContext {
  readonly name: string;
  /** Whether the run has ended: nothing that its stream still does counts. */
  readonly over: boolean;
  /** Its subscription to the stream that its method returned, once it has subscribed. */
  readonly subscription: Subscription | undefined;
  readonly jobKey: { readonly queue: string; readonly id: string };
  readonly idempotencyKey: string;
  readonly route: Route;
  readonly writer: Writer;
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly turn: Turn;
  /** Milliseconds after which a waiting gate parks the job whatever its siblings do. */
  readonly parkAfter: number;

  /** Whether a gate may pass something on: never while the job is being parked, nor when the lease may be lost (W1). */
  mayAnswer(): boolean;
  /** Whether a due time has come, by the clock or by the store, which let the job run (A1). */
  reached(due: number): boolean;
  /** Asks for a turn at the next microtask checkpoint. */
  schedule(): void;
  /** A gate gets its first record: the list of kinds is to be saved with it. */
  noteKinds(): void;
  /** A gate has waited too long beside work that doesn't end: that work is done again when the job resumes (G4). */
  parkAnyhow(gate: string): void;
  /** The job's children, of one gate or all. */
  childrenOf(group: string | undefined): Awaitable<readonly ChildRecord[]>;
  /** Groups of children that no gate of their own awaits, in the order in which they were added. */
  addedGroups(): readonly string[];
  noteAdded(group: string): void;
  /** The failures among the job's other children have been told to the step: they are its own affair now. */
  noteFailuresSeen(children: readonly ChildRecord[]): void;
  fail(error: unknown): void;
  lost(error: unknown): void;
}
