/** The items from `start` to `end`, that included; below 0 they are counted from the last, which is -1. */
export function range<T>(items: readonly T[], start = 0, end = -1): readonly T[] {
  return items.slice(start, end < 0 ? Math.max(items.length + end + 1, 0) : end + 1);
}
