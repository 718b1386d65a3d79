import { durationPattern, parseTime } from './time-text.js';

/** A letter at its time. */
export interface Placed {
  readonly letter: string;
  /** Milliseconds from the beginning. */
  readonly at: number;
  /** The durations before it as they were written, when time passes before it. */
  readonly gap: string;
}

const part = new RegExp(
  String.raw`\s+|(?<duration>${durationPattern})(?![^\s(])|(?<mark>[()])|(?<letter>[^\s()\d^-])`,
  'y',
);

/**
 * Reads a line such as `'(cd) 3d (rc|)'`: letters take no time, and those with no duration between them are of one moment,
 * with or without parentheses; durations pass time, several add up.
 *
 * @throws Error that says what is wrong where
 */
export function parseLine(line: string): readonly Placed[] {
  const placed: Placed[] = [];
  let at = 0;
  let gap: string[] = [];
  let open = false;
  for (part.lastIndex = 0; part.lastIndex < line.length;) {
    const from = part.lastIndex;
    const found = part.exec(line);
    if (!found) throw wrong(line, from, whyWrong(line.slice(from)));
    const { duration, mark, letter } = found.groups!;
    if (mark !== undefined) {
      if ((mark === '(') === open) throw wrong(line, from, open ? 'parentheses do not nest' : 'nothing is open here');
      open = !open;
    } else if (duration !== undefined) {
      if (open) throw wrong(line, from, 'no time passes within parentheses');
      if (/[^\s)]/.test(line[from - 1] ?? ' ')) throw wrong(line, from, 'write a blank before a duration');
      at += parseTime(duration)!;
      gap.push(duration);
    } else if (letter !== undefined) {
      placed.push({ letter, at, gap: gap.join(' ') });
      gap = [];
    }
  }
  if (open) throw wrong(line, line.length, 'a parenthesis is still open');
  return placed;
}

function whyWrong(rest: string): string {
  if (rest.startsWith('-')) return 'time passes by durations here: write 1ms for a -';
  if (rest.startsWith('^')) return 'a line has no subscription point';
  if (/^\d+(\.\d+)?(ms|[smhdwy])/.test(rest)) return 'write a blank after a duration';
  return 'a number needs a unit: ms, s, m, h, d, w, y';
}

function wrong(line: string, column: number, why: string): Error {
  return new Error(`The line can't be read: ${why}.\n\n  ${line}\n  ${' '.repeat(column)}^`);
}
