import { cpuOf, type Summary } from './summary.js';

/** What a row is to reach. */
export type Goal =
  /** So many times BullMQ's rate, and its CPU per job divided by `cpu` at most. */
  | { readonly kind: 'faster'; readonly times: number; readonly cpu?: number }
  /** So many times BullMQ's figure at most. */
  | { readonly kind: 'sooner' | 'smaller'; readonly times: number }
  /** The median at most. */
  | { readonly kind: 'within'; readonly milliseconds: number }
  /** Our figure of the other row, give or take. */
  | { readonly kind: 'flat'; readonly row: string; readonly percent: number }
  | { readonly kind: 'none' };

export function goalText(goal: Goal): string {
  switch (goal.kind) {
    case 'faster':
      return `≥ ${goal.times}×${goal.cpu ? `, CPU ≤ 1/${goal.cpu}` : ''}`;
    case 'sooner':
    case 'smaller':
      return `≤ ${goal.times}×`;
    case 'within':
      return `p50 ≤ ${goal.milliseconds.toLocaleString('en')} ms`;
    case 'flat':
      return `±${goal.percent} % of ${goal.row}`;
    default:
      return '';
  }
}

/** Whether it is reached; `undefined` when there is nothing to compare with. */
export function isReached(
  goal: Goal,
  ours: Summary,
  theirs: Summary | undefined,
  oursOf: (row: string) => Summary | undefined,
): boolean | undefined {
  switch (goal.kind) {
    case 'faster': {
      if (!theirs) return undefined;
      const cheap = goal.cpu === undefined || cpuOf(ours) <= cpuOf(theirs) / goal.cpu;
      return cheap && ours.figure >= goal.times * theirs.figure;
    }
    case 'sooner':
    case 'smaller':
      return theirs && ours.figure <= goal.times * theirs.figure;
    case 'within':
      return ours.figure <= goal.milliseconds;
    case 'flat': {
      const other = oursOf(goal.row);
      return other && Math.abs(ours.figure / other.figure - 1) <= goal.percent / 100;
    }
    default:
      return undefined;
  }
}
