const units = [
  ['day', 86_400_000],
  ['h', 3_600_000],
  ['min', 60_000],
  ['s', 1_000],
] as const;

/** A time by its distance: `3 min ago`, `in 2 days`. */
export function distance(time: number, now: number): string {
  const ms = Math.abs(time - now);
  if (!Number.isFinite(ms)) return '?'; // what a stranger has stored may be no time
  const [unit, length] = units.find(([, each]) => ms >= each) ?? ['s', 1_000];
  const count = Math.floor(ms / length);
  if (count === 0) return 'now';
  const text = `${count} ${unit}${unit === 'day' && count > 1 ? 's' : ''}`;
  return time > now ? `in ${text}` : `${text} ago`;
}

/** A time as such and by its distance. */
export function timeText(time: number, now: number): string {
  const text = Math.abs(time) <= 8.64e15 ? new Date(time).toISOString() : String(time);
  return `${text} (${distance(time, now)})`;
}
