import type { Awaitable } from '../engine/awaitable.js';
import type { Clock } from '../engine/clock.js';
import type { ChildRecord } from '../engine/records.js';
import type { Payloads } from '../job/payloads.js';
import type { Turn } from '../job/turn.js';
import type { Writer } from './writer.js';

/** A running step, as its gates see it. */
export interface StepContext {
  readonly name: string;
  /** Whether the run has ended: nothing that its stream still does counts. */
  readonly over: boolean;
  readonly jobKey: { readonly queue: string; readonly id: string };
  readonly idempotencyKey: string;
  readonly writer: Writer;
  readonly payloads: Payloads;
  readonly clock: Clock;
  readonly turn: Turn;
  /** Milliseconds after which a waiting gate parks the job whatever its siblings do. */
  readonly parkAfter: number;

  /** Whether a gate may pass something on: never while the job is being parked, nor when the lease may be lost (W1). */
  mayAnswer(): boolean;
  /** Asks for a turn at the next microtask checkpoint. */
  schedule(): void;
  /** A gate gets its first record: the list of kinds is to be saved with it. */
  noteKinds(): void;
  /** A gate has waited too long beside work that doesn't end: that work is done again when the job resumes (G4). */
  parkAnyhow(gate: string): void;
  childrenOf(group: string): Awaitable<readonly ChildRecord[]>;
  fail(error: unknown): void;
  lost(error: unknown): void;
}
