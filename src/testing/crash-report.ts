import type { Played } from './crash-play.js';

/** An effect that ran more often than without a crash. */
export interface Repeated {
  readonly effect: string;
  readonly times: number;
  /** How often it runs without a crash. */
  readonly calmTimes: number;
  /** Whether it was handed the same idempotency keys as without a crash; `none`: it was handed none. */
  readonly key: 'same' | 'changed' | 'none';
}

/** What came of losing the worker at one place. */
export interface CrashRow {
  /** Number of the write, from 1. */
  readonly write: number;
  /** What was written: `charge: checkpoint`; by a child: `parcels ship: completed`. */
  readonly boundary: string;
  /** Whether the worker was lost before the store had the write, or after, before its answer. */
  readonly lost: 'before' | 'after';
  readonly takenOver: 'at once' | 'late';
  readonly state: string;
  /** Its result, or why it failed. */
  readonly outcome: unknown;
  readonly sameOutcome: boolean;
  readonly repeated: readonly Repeated[];
  /** Effects that ran less often than without a crash. */
  readonly skipped: readonly string[];
  /** Effects that don't run without a crash. */
  readonly others: readonly string[];
  /** Why this boundary is unsafe; empty: it is safe. */
  readonly unsafe: readonly string[];
}

/** What came of losing the worker at every place. Its text is a table. */
export interface CrashMatrix {
  readonly processor: string;
  /** Without a crash. */
  readonly calm: Played;
  readonly rows: readonly CrashRow[];
  /** The rows that aren't safe. */
  readonly unsafe: readonly CrashRow[];
  /** State that a resumed job wouldn't find: in instance fields, variables of steps, or the module. */
  readonly leaks: readonly string[];
  /** Jobs that were run. */
  readonly plans: number;
  toString(): string;
}
