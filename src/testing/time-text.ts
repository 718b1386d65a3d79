/** Milliseconds of each unit of a marble line; `m` is a minute, and a year has 365.25 days, as in the `ms` package. */
const units = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
  y: 31_557_600_000,
} as const;

/** What a duration looks like in a line: `3d`, `1.5h`, `250ms`. */
export const durationPattern = String.raw`\d+(?:\.\d+)?(?:ms|[smhdwy])`;

const wholly = new RegExp(`^${durationPattern}$`);

/** Milliseconds of a duration as lines have it; several add up: `'1d 12h'`. `undefined` for what is none. */
export function parseTime(text: string): number | undefined {
  const parts = text.trim().split(/\s+/);
  if (!parts.every((part) => wholly.test(part))) return undefined;
  return parts.reduce((sum, part) => sum + millisecondsOf(part), 0);
}

function millisecondsOf(part: string): number {
  const unit = part.replace(/^[\d.]+/, '') as keyof typeof units;
  // 4.2 × 60,000 isn't quite a whole number
  return Math.round(Number.parseFloat(part) * units[unit] * 1_000) / 1_000;
}

/** A duration as lines have it, in days and what is smaller: `'3d'`, `'1m 30s'`, `'0ms'`. */
export function formatTime(ms: number): string {
  if (ms < 0) return `-${formatTime(-ms)}`;
  if (!Number.isFinite(ms)) return String(ms);
  const parts: string[] = [];
  let rest = ms;
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / units[unit]);
    if (count > 0) parts.push(`${count}${unit}`);
    rest -= count * units[unit];
  }
  if (rest > 0 || parts.length === 0) parts.push(`${Math.round(rest * 1_000) / 1_000}ms`);
  return parts.join(' ');
}
