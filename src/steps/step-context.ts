import type { Subscription } from 'rxjs';
import type { Clock } from '../engine/clock.js';
import type { Turn } from '../job/turn.js';
import type { Progress } from './progress.js';
import type { Route } from './route.js';

/** A running step, as its gates see it. */
export interface StepContext {
  readonly name: string;
  readonly progress: Progress;
  readonly route: Route;
  readonly clock: Clock;
  readonly turn: Turn;
  /** Milliseconds after which a waiting gate parks the job whatever its siblings do. */
  readonly parkAfter: number;
  /** Whether the run has ended: nothing that its stream still does counts. */
  readonly over: boolean;
  /** Its subscription to the stream that its method returned, once it has subscribed. */
  readonly subscription: Subscription | undefined;

  /** Runs what the step's stream is to do in the step's span, if it has one: an acknowledgement or a timer comes from elsewhere. */
  within(action: () => void): void;
  /** Whether a gate may pass something on: never while the job is being parked, nor when the lease may be lost (W1). */
  mayAnswer(): boolean;
  /** Asks for a turn at the next microtask checkpoint. */
  schedule(): void;
  /** A gate gets its first record: the list of kinds is to be saved with it. */
  noteKinds(): void;
  /** A gate has waited too long beside work that doesn't end: that work is done again when the job resumes (G4). */
  parkAnyhow(gate: string): void;
  fail(error: unknown): void;
  lost(error: unknown): void;
}
