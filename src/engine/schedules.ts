import type { Repeat } from './admin.js';

let parser: typeof import('cron-parser').CronExpressionParser | undefined;

/** Loads the parser of cron patterns: who has no scheduler never does. To be awaited before {@link nextByPattern} is called. */
export async function loadPatterns(): Promise<void> {
  parser ??= (await import('cron-parser')).CronExpressionParser;
}

/**
 * When the pattern is met for the first time after `after`, in milliseconds since the epoch; `undefined`: never again.
 *
 * @throws Error when the pattern or the time zone can't be read
 */
export function nextByPattern({ pattern, tz, startDate = 0, endDate }: Repeat, after: number): number | undefined {
  if (!parser) throw new Error('loadPatterns() comes before nextByPattern()');
  const schedule = parser.parse(pattern!, {
    currentDate: Math.max(startDate, after),
    ...(tz !== undefined && { tz }),
    ...(endDate !== undefined && { endDate }),
  });
  return schedule.hasNext() ? schedule.next().getTime() : undefined;
}
