import { StepstreamError } from '../errors.js';
import type { Failure } from '../engine/records.js';

const longestReason = 2_048;
const longestStack = 8_192;
const deepestCause = 8;

/** A user's error of any shape as text: whatever it is, and however its getters behave, it fails its own job only. */
export function failureOf(error: unknown): Failure {
  const stack = read(error, 'stack');
  return {
    reason: clip(reasonOf(error), longestReason),
    code: codeOf(error),
    stack: stack === undefined ? undefined : clip(stack + causesOf(error), longestStack),
  };
}

/** What was thrown, for those who expect an Error. */
export function asError(thrown: unknown): Error {
  return isA(thrown, Error) ? thrown : new Error(failureOf(thrown).reason, { cause: thrown });
}

function codeOf(error: unknown): string | undefined {
  return isA(error, StepstreamError) ? read(error, 'code') : undefined;
}

/** `instanceof` for what was thrown. */
export function isA<T>(value: unknown, type: abstract new (...args: never[]) => T): value is T {
  try {
    return value instanceof type;
  } catch {
    return false; // a proxy's getPrototypeOf trap
  }
}

/** Whether it is such an error, or one of another library's by that name: of BullMQ's, or of a second copy of this one. */
export function isNamed<T extends Error>(
  error: unknown,
  type: (abstract new (...args: never[]) => T) & { readonly name: string },
): boolean {
  return isA(error, type) || read(error, 'name') === type.name;
}

function reasonOf(error: unknown): string {
  if (typeof error === 'object' && error !== null) {
    const name = read(error, 'name');
    return read(error, 'message') || (name ? `${name} without a message` : 'an object without a message was thrown');
  }
  if (typeof error === 'string') return error || "'' was thrown";
  // a symbol has no implicit text, a function's would be its source
  return `${typeof error === 'function' ? 'a function' : String(error)} was thrown`;
}

function causesOf(error: unknown): string {
  let text = '';
  let at = property(error, 'cause');
  for (let depth = 0; at !== undefined && depth < deepestCause; depth++) {
    text += `\n  caused by: ${clip(reasonOf(at), longestReason)}`;
    at = property(at, 'cause');
  }
  return text;
}

function read(value: unknown, key: string): string | undefined {
  const text = property(value, key);
  return typeof text === 'string' ? text : undefined;
}

/** A property of a stranger: its getter may throw, or be a proxy's trap that does. */
function property(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return (value as Record<string, unknown>)[key];
  } catch {
    return undefined;
  }
}

function clip(text: string, length: number): string {
  if (text.length <= length) return text;
  // not in the middle of a character of two units: half of one is no valid text
  return `${text.slice(0, length - 1).replace(/[\uD800-\uDBFF]$/, '')}…`;
}
