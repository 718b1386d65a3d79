import { durationPattern, parseTime } from './time-text.js';

const token = new RegExp(String.raw`(?<=^|\s)${durationPattern}(?=\s|$)`, 'g');
const lookalike = new RegExp(durationPattern, 'g');

/**
 * A marble diagram as RxJS' TestScheduler understands it: it knows `ms`, `s` and `m`, and reads `3d` as the values 3 and d,
 * and any duration that stands at the end of the line or right before a marble too.
 *
 * @param values the values of its marbles, if any: what they name is a marble
 * @throws Error for what looks like a duration and would be read as marbles
 */
export function translateMarbles(marbles: string, values?: unknown): string {
  const names = typeof values === 'object' && values !== null ? values : {};
  const translated = marbles.replace(token, (duration) => `${parseTime(duration)}ms `);
  for (const [text] of marbles.replace(token, ' ').matchAll(lookalike)) {
    if (Array.from(text).every((marble) => Object.hasOwn(names, marble))) continue;
    throw new Error(
      `"${text}" in the marbles "${marbles}" would be read as the values ${Array.from(text).join(', ')}: ` +
        `write a blank before and after a duration ("-- ${text} --"), or give those values`,
    );
  }
  return translated;
}

/**
 * Milliseconds of a span of virtual time: `'3d'`, `'1d 12h'`, or RxJS' own way, `'--|'`.
 *
 * @throws Error for what is neither
 */
export function timeOf(text: string): number {
  const end = text.indexOf('|');
  const time = parseTime(end < 0 ? text : text.slice(0, end).replace(/-/g, ' 1ms '));
  if (time !== undefined) return time;
  if (end >= 0 && text.slice(0, end).trim() === '') return 0;
  throw new Error(`"${text}" is no time: write durations such as '3d' or '1h 30m' (ms, s, m, h, d, w, y), or '--|'`);
}
