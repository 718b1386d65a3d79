import ms from 'ms';
import { InvalidDurationError } from '../errors.js';

/** Milliseconds, text of the `ms` package (`'3 days'`), or a point in time. */
export type Duration = number | string | Date;

/**
 * When something of this duration is due, counted from `now` (milliseconds since the epoch); a Date is what it is.
 *
 * @throws InvalidDurationError for what is negative, not a number, an invalid Date, or text that `ms` doesn't understand.
 */
export function dueOf(duration: Duration, now: number): number {
  if (duration instanceof Date) {
    const due = duration.getTime();
    if (Number.isNaN(due)) throw new InvalidDurationError('the Date is invalid');
    return due;
  }
  return now + milliseconds(duration);
}

/** @throws InvalidDurationError */
export function milliseconds(duration: number | string): number {
  const value = typeof duration === 'string' ? parse(duration) : duration;
  if (typeof value === 'number' && value >= 0 && Number.isFinite(value)) return value;
  throw new InvalidDurationError(
    `${show(duration)} is not a duration: give milliseconds from 0 up, or text such as '3 days' or '90 s'`,
  );
}

/** Whether a value is a duration: milliseconds from 0 up, or text. */
export function isDuration(value: unknown): value is number | string {
  try {
    return milliseconds(value as number | string) >= 0;
  } catch {
    return false;
  }
}

function parse(text: string): number | undefined {
  // `ms` refuses what is empty or longer than 100 characters by throwing
  return text.length > 0 && text.length <= 100 ? ms(text as ms.StringValue) : undefined;
}

function show(value: unknown): string {
  return typeof value === 'string'
    ? `'${value.slice(0, 100)}'`
    : typeof value === 'number'
      ? String(value)
      : typeof value;
}
