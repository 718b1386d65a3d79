import type { Repeat } from '../admin.js';

/** Jobs may have the ids that those of the first times would have: so many times are tried. */
const triedTimes = 32;

/** When the next job of an interval is due. @param last when the one before was: those that were missed are not made up for */
export function nextOfInterval(
  { every, offset = 0, startDate }: Repeat & { readonly every: number },
  last: number | undefined,
  now: number,
): number {
  const aligned = (): number => {
    const slot = Math.floor(now / every) * every + offset;
    return slot > now ? slot : slot + every;
  };
  if (last !== undefined) return last + every >= now ? last + every : aligned();
  if (startDate !== undefined) return Math.max(startDate, now);
  return offset > 0 ? aligned() : now;
}

export function* intervalsFrom(first: number, every: number): Generator<number> {
  for (let tried = 0; tried < triedTimes; tried++) yield first + tried * every;
}
