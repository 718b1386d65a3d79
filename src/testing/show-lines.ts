import { formatTime } from './time-text.js';
import type { Placed } from './parse-line.js';

/** Where two lines differ first: at the time of a letter, or at the letter. */
export interface Spot {
  readonly index: number;
  readonly what: 'gap' | 'letter';
}

/** Letters of one moment, and the time that has passed before. */
interface Moment {
  readonly gap: string;
  readonly letters: readonly Placed[];
  /** Number of its first letter. */
  readonly first: number;
}

/** Durations as they were expected where they are the same, else in their shortest form. */
export function placedLike(
  letters: readonly { letter: string; at: number }[],
  model: readonly Placed[],
): readonly Placed[] {
  return letters.map(({ letter, at }, index) => {
    const before = letters[index - 1]?.at ?? 0;
    const like = model[index];
    const same = like && like.at - (model[index - 1]?.at ?? 0) === at - before;
    return { letter, at, gap: same ? like.gap : at === before ? '' : formatTime(at - before) };
  });
}

/** A line as text, each moment of several letters in parentheses. */
export function showLine(placed: readonly Placed[]): string {
  return momentsOf(placed)
    .map(({ gap, letters }) => [gap, group(letters)].filter(Boolean).join(' '))
    .join(' ');
}

/** Two lines, one under the other in columns, with a marker under where they differ first. */
export function alignLines(expected: readonly Placed[], received: readonly Placed[], spot: Spot | undefined): string {
  const pairs = [momentsOf(expected), momentsOf(received)] as const;
  const rows: [string, string] = ['', ''];
  let marker: number | undefined;
  for (let column = 0; column < Math.max(pairs[0].length, pairs[1].length); column++) {
    const moments = pairs.map((line) => line[column]);
    const hasGap = moments.some((moment) => moment?.gap);
    const gaps = moments.map((moment) => moment?.gap ?? '');
    const groups = moments.map((moment) => (moment ? group(moment.letters) : ''));
    const start = rows[0].length;
    const letterStart = start + (hasGap ? width(gaps) + 1 : 0);
    for (const row of [0, 1] as const) {
      rows[row] += hasGap ? `${gaps[row]!.padEnd(width(gaps))} ` : '';
      rows[row] += `${groups[row]!.padEnd(width(groups))} `;
    }
    marker ??= markerIn(moments, spot, start, letterStart);
  }
  const text = [`  expected  ${rows[0]}`, `  received  ${rows[1]}`].map((row) => row.trimEnd()).join('\n');
  if (!spot) return text;
  return `${text}\n            ${' '.repeat(marker ?? rows[0].trimEnd().length)}^`;
}

function markerIn(
  moments: readonly (Moment | undefined)[],
  spot: Spot | undefined,
  start: number,
  letterStart: number,
): number | undefined {
  if (!spot) return undefined;
  for (const moment of moments) {
    if (!moment || spot.index < moment.first || spot.index >= moment.first + moment.letters.length) continue;
    if (spot.what === 'gap' && spot.index === moment.first) return moment.gap ? start : letterStart;
    const within = spot.index - moment.first;
    return letterStart + (moment.letters.length > 1 ? 1 : 0) + within;
  }
  return undefined;
}

function momentsOf(placed: readonly Placed[]): readonly Moment[] {
  const moments: { gap: string; letters: Placed[]; first: number }[] = [];
  placed.forEach((each, index) => {
    const last = moments.at(-1);
    if (last && placed[index - 1]!.at === each.at) last.letters.push(each);
    else moments.push({ gap: each.gap, letters: [each], first: index });
  });
  return moments;
}

function group(letters: readonly Placed[]): string {
  const text = letters.map(({ letter }) => letter).join('');
  return letters.length > 1 ? `(${text})` : text;
}

function width(texts: readonly string[]): number {
  return Math.max(...texts.map((text) => text.length));
}
