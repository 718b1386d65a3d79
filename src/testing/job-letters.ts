import { isDeepStrictEqual } from 'node:util';
import { parseTime } from './time-text.js';
import type { TraceEvent, TraceType } from './trace.js';

/** The letters of a job's line. */
export const jobLetters: Readonly<Record<string, TraceType>> = {
  c: 'checkpoint',
  d: 'delayed',
  w: 'waiting-children',
  r: 'resumed',
  x: 'retried',
  s: 'stalled',
  b: 'put-back',
  '|': 'completed',
  '#': 'failed',
  '!': 'cancelled',
};

/**
 * What an event must have, for it to be the one that a letter stands for; members that aren't named may be any. Times may be
 * text: `{ due: '3d' }`. A `reason` may be a regular expression; with Jest, any value may be an asymmetric matcher.
 * With `type`, any letter can be given a meaning.
 */
export type Pinned = { readonly [K in keyof TraceEvent]?: unknown };

/** The event that a letter stands for, with what is pinned of it. */
export interface Expected {
  readonly letter: string;
  readonly pinned: Pinned & { readonly type: TraceType };
}

/** @throws Error for a letter without a meaning */
export function expectedOf(letter: string, values: Readonly<Record<string, Pinned>>, line: string): Expected {
  const own = Object.hasOwn(values, letter) ? values[letter] : undefined;
  const type = (own?.type ?? jobLetters[letter]) as TraceType | undefined;
  if (type !== undefined) return { letter, pinned: { ...own, type } };
  const known = Object.entries(jobLetters).map(([each, meaning]) => `${each} ${meaning}`);
  throw new Error(
    `"${letter}" in the line "${line}" stands for nothing. Letters are ${known.join(', ')}; others get a meaning in the ` +
      `values: { ${letter}: { type: 'checkpoint', step: '…' } }`,
  );
}

/** The letter of an event, when nobody gives it another one. */
export function letterOf({ type }: TraceEvent): string {
  return Object.entries(jobLetters).find(([, each]) => each === type)![0];
}

/** A member of an event that isn't what was pinned. */
export interface Difference {
  readonly member: string;
  readonly expected: unknown;
  readonly received: unknown;
}

/** What of an event differs from what is pinned; times are compared by the line. */
export function differencesOf(event: TraceEvent, pinned: Pinned): readonly Difference[] {
  return Object.entries(pinned).flatMap(([member, expected]) => {
    const received = event[member as keyof TraceEvent];
    return matches(member, expected, received) ? [] : [{ member, expected, received }];
  });
}

function matches(member: string, expected: unknown, received: unknown): boolean {
  if (isMatcher(expected)) return expected.asymmetricMatch(received);
  if (member === 'reason' && expected instanceof RegExp) return typeof received === 'string' && expected.test(received);
  if ((member === 'due' || member === 'at') && typeof expected === 'string') return parseTime(expected) === received;
  return isDeepStrictEqual(received, expected);
}

function isMatcher(value: unknown): value is { asymmetricMatch(received: unknown): boolean } {
  return typeof (value as { asymmetricMatch?: unknown } | null | undefined)?.asymmetricMatch === 'function';
}
