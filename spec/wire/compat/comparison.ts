import type { Redis } from 'ioredis';
import { keysOf } from '../dump.js';
import type { Difference } from './differences/difference.js';
import { ours as stepstream, type Face } from './face.js';
import { embedded, onRedis } from './ground.js';
import { masked } from './masks.js';
import { Stage, type Script } from './stage.js';

/** What a script was answered, and then what it left in Redis. */
export type Outcome = readonly string[];

export interface Comparison {
  readonly title: string;
  readonly theirs: Outcome;
  readonly ours: Outcome;
}

/** Runs a script with our classes on the embedded engine: what it was answered. */
export async function answersEmbedded(script: Script, prefix: string): Promise<Outcome> {
  const stage = new Stage(stepstream, prefix, embedded());
  const start = Date.now();
  try {
    await script(stage);
    return masked(stage.answers, prefix, start);
  } finally {
    await stage.close();
  }
}

/** Runs a script with the classes of one face, on Redis. */
export async function outcomeOf(script: Script, face: Face, redis: Redis, prefix: string): Promise<Outcome> {
  // what BullMQ's constructors have opened before they refuse something ends with the server
  const once = face === stepstream ? {} : { retryStrategy: () => null };
  const stage = new Stage(face, prefix, onRedis(redis, prefix, once));
  const start = Date.now();
  try {
    await script(stage);
    const keys = await keysOf(redis, `${prefix}:*`);
    const lines = masked([...stage.answers, ...keys], prefix, start);
    const answers = lines.slice(0, stage.answers.length);
    const stored = lines.slice(answers.length).toSorted(byKey);
    return [...answers, ...(stage.worked ? stored.filter(isSettled) : stored)];
  } finally {
    await stage.close();
  }
}

/** Both outcomes without the differences that are meant. */
export function withoutMeant(
  { title, theirs, ours }: Comparison,
  differences: readonly Difference[],
): { readonly theirs: Outcome; readonly ours: Outcome } {
  const meant = differences.filter(({ where }) => where?.test(title) ?? true);
  const without = (lines: Outcome, side: 'theirs' | 'ours'): Outcome =>
    lines
      .map((line) => meant.reduce((left, difference) => left.replace(difference[side] ?? /$^/, ''), line))
      .filter((line) => line !== '');
  return { theirs: without(theirs, 'theirs'), ours: without(ours, 'ours') };
}

/** Whether the comparisons come out otherwise without it. */
export function occurs(
  difference: Difference,
  comparisons: readonly Comparison[],
  differences: readonly Difference[],
): boolean {
  const others = differences.filter((other) => other !== difference);
  return comparisons.some((comparison) => {
    if (difference.where?.test(comparison.title) === false) return false;
    const { theirs, ours } = withoutMeant(comparison, others);
    return theirs.join('\n') !== ours.join('\n');
  });
}

/**
 * Ids were generated, so the order of keys, of members of sets and of fields is made anew. Lists, zsets and streams have one, but
 * not parents that were added in the same millisecond.
 */
function byKey(a: string, b: string): number {
  const [keyA, type] = a.split(' ', 2) as [string, string];
  const [keyB] = b.split(' ', 1) as [string];
  if (keyA !== keyB) return keyA < keyB ? -1 : 1;
  return type === 'set' || type === 'hash' || keyA.endsWith(':waiting-children') ? (a < b ? -1 : 1) : 0;
}

/** Markers are there and not there while workers run, who wait for them; so is the set of those that may have stalled. */
function isSettled(line: string): boolean {
  return !/^\S+:(marker|stalled|stalled-check) /.test(line);
}
