import { jsonCodec } from '../index.js';

/** What of a checkpoint's cursor tells where a job stands. Its text is the store's format: see `steps/cursor.ts`. */
export interface StoredPlace {
  readonly visit: number;
  /** `undefined`: at its end. */
  readonly step: string | undefined;
  /** The step that was finished last. */
  readonly from: string | undefined;
  readonly kinds: readonly string[];
  /** Whether the job was put back, as the code doesn't know its step or gates. */
  readonly unknown: boolean;
}

/** Reads the text of a cursor. */
export function placeOf(cursor: string): StoredPlace {
  const { v: visit, s: step, f: from, k: kinds = [], u: unknown } = JSON.parse(cursor);
  return { visit, step, from, kinds, unknown: unknown !== undefined };
}

/** The text of a cursor of the first visit of a step. */
export function cursorAt(step: string, visit: number, kinds: readonly string[]): string {
  return JSON.stringify({ r: 1, v: visit, s: step, ...(kinds.length > 0 && { k: kinds }) });
}

/** A payload's value. */
export function decode(payload: string | null | undefined): unknown {
  return payload === undefined || payload === null ? undefined : jsonCodec.decode(payload);
}

/** A value's payload. */
export function encode(value: unknown): string | undefined {
  return value === undefined ? undefined : jsonCodec.encode(value);
}
