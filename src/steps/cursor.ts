import { CorruptPayloadError } from '../errors.js';
import type { Checkpoint } from '../engine/records.js';

/** Where a job stands. */
export interface Cursor {
  /** One life of the job, from its first step to its end; from 1. */
  readonly run: number;
  /** Entries into steps so far, this one included. */
  readonly visit: number;
  /** The step; `undefined` when the last one has finished. */
  readonly step: string | undefined;
  /** The step whose output is this one's input, or the job's result. */
  readonly from: string | undefined;
  /** The job's attempts when the visit began. */
  readonly attemptBase: number;
  /** The kinds of the step's gates, in the order of their places; saved with the first of their records. */
  readonly kinds: readonly string[] | undefined;
  /** Failures of `addChildren`'s children that `awaitChildren()` has told the steps: they don't fail the job any more. */
  readonly failuresSeen: number;
  /**
   * When the job was to be woken, as its gates parked it, and the number of that write. As long as no other write has come,
   * whoever let the job run sooner meant its gates to pass (A1).
   */
  readonly wake: { readonly due: number; readonly seq: number } | undefined;
  /** Since when no worker has known the step or its gates; and how often it was put back. */
  readonly unknown: { readonly since: number; readonly times: number } | undefined;
}

/** The cursor of a job that is claimed: where it stands, or at the first step of a new run. */
export function cursorOf(checkpoint: Checkpoint | undefined, firstStep: string, attemptsMade: number): Cursor {
  const stored = checkpoint && parse(checkpoint.cursor);
  // a completed job that is retried has kept nothing but its run counter
  if (!stored || checkpoint.seq === 0) {
    return {
      run: (stored?.run ?? 0) + 1,
      visit: 1,
      step: firstStep,
      from: undefined,
      attemptBase: attemptsMade,
      kinds: undefined,
      failuresSeen: stored?.failuresSeen ?? 0,
      wake: undefined,
      unknown: undefined,
    };
  }
  return stored;
}

export function formatCursor(cursor: Cursor): string {
  const { run: r, visit: v, step: s, from: f, attemptBase: a, kinds: k, failuresSeen: c, wake: w, unknown: u } = cursor;
  return JSON.stringify({ r, v, s, f, a: a || undefined, k, c: c || undefined, w, u });
}

function parse(text: string): Cursor {
  try {
    const { r, v, s, f, a, k, c, w, u } = JSON.parse(text);
    return {
      run: r,
      visit: v,
      step: s,
      from: f,
      attemptBase: a ?? 0,
      kinds: k,
      failuresSeen: c ?? 0,
      wake: w,
      unknown: u,
    };
  } catch (cause) {
    throw new CorruptPayloadError('the cursor of the checkpoint is not readable', { cause });
  }
}
