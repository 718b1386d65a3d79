import { inspect } from 'node:util';
import { alignLines, placedLike, showLine, type Spot } from './show-lines.js';
import { differencesOf, expectedOf, letterOf, type Difference, type Expected, type Pinned } from './job-letters.js';
import { parseLine, type Placed } from './parse-line.js';
import { formatTime } from './time-text.js';
import type { TraceEvent } from './trace.js';

/** How a comparison came out; the message is there when it failed. */
export interface Checked {
  readonly expected: string;
  readonly received: string;
  readonly message?: string;
}

/** A job's line, read. */
export interface JobLine {
  readonly placed: readonly Placed[];
  readonly expected: readonly Expected[];
}

/** @throws Error for a line that can't be read, or a letter without a meaning */
export function readJobLine(line: string, values: Readonly<Record<string, Pinned>> = {}): JobLine {
  const placed = parseLine(line);
  return { placed, expected: placed.map(({ letter }) => expectedOf(letter, values, line)) };
}

/** Compares what happened to a job with its line. @param what names the job in the message */
export function checkJob(what: string, { placed, expected }: JobLine, events: readonly TraceEvent[]): Checked {
  const letters = events.map((event, index) => ({ at: event.at, letter: bestLetter(event, expected, index) }));
  const received = placedLike(letters, placed);
  const spot = firstDifference(placed, expected, events);
  const lines = { expected: showLine(placed), received: showLine(received) };
  if (!spot) return lines;
  const message = [
    `${what} did not go as drawn:`,
    '',
    alignLines(placed, received, spot),
    '',
    ...explain(placed, expected, events, spot),
  ].join('\n');
  return { ...lines, message };
}

/** The letter of the line, or of one of the values, where the event is what it stands for. */
function bestLetter(event: TraceEvent, expected: readonly Expected[], index: number): string {
  const fits = ({ pinned }: Expected): boolean => differencesOf(event, pinned).length === 0;
  const own = expected[index];
  if (own && (fits(own) || own.pinned.type === event.type)) return own.letter;
  const other = expected.find((each) => Object.keys(each.pinned).length > 1 && fits(each));
  return other?.letter ?? letterOf(event);
}

function firstDifference(
  placed: readonly Placed[],
  expected: readonly Expected[],
  events: readonly TraceEvent[],
): Spot | undefined {
  for (let index = 0; index < Math.max(placed.length, events.length); index++) {
    const want = expected[index];
    const event = events[index];
    if (!want || !event) return { index, what: 'letter' };
    if (placed[index]!.at !== event.at) return { index, what: want.pinned.type === event.type ? 'gap' : 'letter' };
    if (differencesOf(event, want.pinned).length > 0) return { index, what: 'letter' };
  }
  return undefined;
}

function explain(
  placed: readonly Placed[],
  expected: readonly Expected[],
  events: readonly TraceEvent[],
  { index }: Spot,
): readonly string[] {
  const want = expected[index];
  const event = events[index];
  if (!want) return [`then came, unexpected: ${describe(event!)}`];
  const at = formatTime(placed[index]!.at);
  if (!event) return [`then ${want.letter} (${want.pinned.type}) at ${at} was expected, and nothing came`];
  if (want.pinned.type !== event.type) {
    return [`${want.letter} (${want.pinned.type}) at ${at} was expected, and there came: ${describe(event)}`];
  }
  const late =
    event.at === placed[index]!.at
      ? []
      : [difference({ member: 'time', expected: at, received: formatTime(event.at) })];
  const values = differencesOf(event, want.pinned).map((each) => difference(asTimes(each)));
  return [`${want.letter} (${event.type}) at ${formatTime(event.at)}:`, ...late, ...values];
}

/** Times of the line's clock read best as it writes them. */
function asTimes({ member, expected, received }: Difference): Difference {
  if (member !== 'due' && member !== 'at') return { member, expected, received };
  const timeText = (value: unknown): unknown => (typeof value === 'number' ? formatTime(value) : value);
  return { member, expected: timeText(expected), received: timeText(received) };
}

function difference({ member, expected, received }: Difference): string {
  const name = `    ${member}  `;
  return `${name}expected ${show(expected)}\n${' '.repeat(name.length)}received ${show(received)}`;
}

/** An event in words: `delayed at 3d, in step remind, until 10d`. */
export function describe(event: TraceEvent): string {
  const { type, at, step, due, reason } = event;
  const parts = [`${type} at ${formatTime(at)}`];
  if (step !== undefined) parts.push(`in step ${step}`);
  if (due !== undefined) parts.push(`until ${formatTime(due)}`);
  if (reason !== undefined) parts.push(`as ${show(reason)}`);
  for (const member of ['emission', 'output', 'result'] as const) {
    if (event[member] !== undefined) parts.push(`${member} ${show(event[member])}`);
  }
  return parts.join(', ');
}

function show(value: unknown): string {
  const matcher = value as { toAsymmetricMatcher?: () => string } | null | undefined;
  if (typeof matcher?.toAsymmetricMatcher === 'function') return matcher.toAsymmetricMatcher();
  return inspect(value, { depth: 6, breakLength: 100, maxStringLength: 200 }).replace(/\n/g, '\n      ');
}
