import { inspect, isDeepStrictEqual } from 'node:util';
import type { Checked } from './check-job.js';
import { parseLine, type Placed } from './parse-line.js';
import { alignLines, placedLike, showLine } from './show-lines.js';
import { formatTime } from './time-text.js';
import type { TraceEvent } from './trace.js';

/** What a step did, as one stream, whichever machines ran it. */
type StepEvent =
  | { readonly kind: 'value'; readonly at: number; readonly value: unknown }
  | { readonly kind: 'complete'; readonly at: number }
  | { readonly kind: 'error'; readonly at: number; readonly value: unknown };

/** A step's line, read: letters are emissions, `|` its completion, `#` an error that counted an attempt. */
export interface StepLine {
  readonly placed: readonly Placed[];
  readonly values: Readonly<Record<string, unknown>>;
  readonly error: unknown;
}

/** @param error the error's message; not given, any will do @throws Error for a line that can't be read */
export function readStepLine(line: string, values: Readonly<Record<string, unknown>> = {}, error?: unknown): StepLine {
  return { placed: parseLine(line), values, error };
}

/** Compares what a step emitted with its line. @param what names the step in the message */
export function checkStep(what: string, line: StepLine, events: readonly TraceEvent[]): Checked {
  const { placed } = line;
  const happened = events.flatMap(stepEvents);
  const letters = happened.map((event, index) => ({ at: event.at, letter: letterFor(event, line, index) }));
  const received = placedLike(letters, placed);
  const lines = { expected: showLine(placed), received: showLine(received) };
  const index = Array.from({ length: Math.max(placed.length, happened.length) }).findIndex(
    (_, each) => placed[each]?.at !== happened[each]?.at || !fits(placed[each], happened[each], line),
  );
  if (index < 0) return lines;
  const want = placed[index];
  const event = happened[index];
  const sameLetter = want && event && fits(want, event, line);
  const message = [
    `${what} did not emit as drawn:`,
    '',
    alignLines(placed, received, { index, what: sameLetter ? 'gap' : 'letter' }),
    '',
    `    expected ${want ? `${showWanted(want, line)} at ${formatTime(want.at)}` : 'nothing more'}`,
    `    received ${event ? `${showEvent(event)} at ${formatTime(event.at)}` : 'nothing more'}`,
  ].join('\n');
  return { ...lines, message };
}

function stepEvents(event: TraceEvent): readonly StepEvent[] {
  const { type, at } = event;
  const value: readonly StepEvent[] = 'emission' in event ? [{ kind: 'value', at, value: event.emission }] : [];
  if (type === 'retried' || type === 'failed') return [...value, { kind: 'error', at, value: event.reason }];
  return 'output' in event ? [...value, { kind: 'complete', at }] : value;
}

function fits(want: Placed | undefined, event: StepEvent | undefined, { values, error }: StepLine): boolean {
  if (!want || !event) return false;
  if (want.letter === '|') return event.kind === 'complete';
  if (want.letter === '#') return event.kind === 'error' && (error === undefined || event.value === error);
  return event.kind === 'value' && isDeepStrictEqual(event.value, valueOf(want.letter, values));
}

function valueOf(letter: string, values: Readonly<Record<string, unknown>>): unknown {
  return Object.hasOwn(values, letter) ? values[letter] : letter;
}

function letterFor(event: StepEvent, line: StepLine, index: number): string {
  const want = line.placed[index];
  if (want && fits(want, event, line)) return want.letter;
  if (event.kind !== 'value') return event.kind === 'complete' ? '|' : '#';
  const named = Object.keys(line.values).find((each) => isDeepStrictEqual(line.values[each], event.value));
  if (named !== undefined) return named;
  return typeof event.value === 'string' && event.value.length === 1 ? event.value : '?';
}

function showWanted({ letter }: Placed, { values, error }: StepLine): string {
  if (letter === '|') return 'its completion';
  if (letter === '#') return `an error${error === undefined ? '' : ` ${inspect(error)}`}`;
  return inspect(valueOf(letter, values), { depth: 6 });
}

function showEvent(event: StepEvent): string {
  if (event.kind === 'complete') return 'its completion';
  return `${event.kind === 'error' ? 'an error ' : ''}${inspect(event.value, { depth: 6 })}`;
}
