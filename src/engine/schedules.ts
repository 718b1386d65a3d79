import type { CronExpressionParser } from 'cron-parser';
import type { Repeat } from './admin.js';

/** What of a {@link Repeat} says when a pattern is met. */
export type Pattern = { readonly [K in 'pattern' | 'tz' | 'startDate' | 'endDate']?: Repeat[K] | undefined };

let parser: typeof CronExpressionParser | undefined;

/** Loads the parser of cron patterns: who has no scheduler never does. To be awaited before {@link nextByPattern} is called. */
export async function loadPatterns(): Promise<void> {
  parser ??= (await import('cron-parser')).CronExpressionParser;
}

/**
 * When the pattern is met for the first time after `after`, in milliseconds since the epoch; `undefined`: never again.
 *
 * @throws Error when the pattern or the time zone can't be read
 */
export function nextByPattern({ pattern, tz, startDate = 0, endDate }: Pattern, after: number): number | undefined {
  if (!parser) throw new Error('loadPatterns() comes before nextByPattern()');
  const schedule = parser.parse(pattern!, {
    currentDate: Math.max(startDate, after),
    ...(tz !== undefined && { tz }),
    ...(endDate !== undefined && { endDate }),
  });
  return schedule.hasNext() ? schedule.next().getTime() : undefined;
}

/** Jobs may have the ids that those of the first times would have: so many times are tried. */
const triedTimes = 32;

/** The times after `after` at which the pattern is met, as far as they may be wanted. @throws as {@link nextByPattern} */
export function* timesByPattern(pattern: Pattern, after: number): Generator<number> {
  let time = nextByPattern(pattern, after);
  for (let tried = 0; tried < triedTimes && time !== undefined; tried++) {
    yield time;
    time = nextByPattern(pattern, time);
  }
}
