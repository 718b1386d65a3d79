import { CorruptPayloadError, UnserializableValueError } from '../errors.js';
import type { Payload } from './records.js';

/**
 * Turns users' values into text and back. `undefined` is never handed to a codec: it is stored as absence.
 *
 * A codec may encrypt; it must give back what JSON would: see {@link jsonCodec}.
 */
export interface Codec {
  /** Whether payloads are JSON text, which a larger JSON text may hold as it is. Default false. */
  readonly isJson?: boolean;
  /** @throws UnserializableValueError for a value that {@link decode} couldn't give back. */
  encode(value: unknown): Payload;
  /** @throws CorruptPayloadError for text that `encode` didn't make. */
  decode(payload: Payload): unknown;
}

const maxDepth = 64;
const maxKeys = 10_000;

/** JSON that refuses what JSON would lose silently. */
export const jsonCodec: Codec = {
  isJson: true,
  encode(value) {
    refuseLosses(value);
    return JSON.stringify(value);
  },
  decode(payload) {
    try {
      return mayHideKeys.test(payload) ? JSON.parse(payload, dropDangerousKeys) : JSON.parse(payload);
    } catch (cause) {
      throw new CorruptPayloadError('a stored value is not valid JSON: was it written with another codec?', { cause });
    }
  },
};

/** Keys that could reach a prototype when somebody merges the value; an escape may hide one. */
const mayHideKeys = /__proto__|"constructor"|\\u/;

function dropDangerousKeys(this: unknown, key: string, value: unknown): unknown {
  if (key === '__proto__') return undefined;
  if (key === 'constructor' && typeof value === 'object' && value !== null && 'prototype' in value) return undefined;
  return value;
}

interface Place {
  readonly value: unknown;
  readonly key: string | number;
  readonly parent: Place | undefined;
  readonly depth: number;
}

/** Walks with a stack of its own: a value nested a million deep must not overflow the program's. */
function refuseLosses(root: unknown): void {
  if (typeof root === 'string' || typeof root === 'boolean' || root === null) return;
  const stack: Place[] = [{ value: root, key: '', parent: undefined, depth: 0 }];
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { value } = place;
    const loss = lossOf(value);
    if (loss !== undefined) refuse(place, loss);
    if (typeof value !== 'object' || value === null) continue;
    if (place.depth >= maxDepth) refuse(place, `is nested deeper than ${maxDepth} levels, or in a cycle`);
    if (Array.isArray(value)) {
      for (let i = 0; i < value.length; i++) {
        if (value[i] === undefined) refuse({ value, key: i, parent: place, depth: 0 }, 'is undefined, in an array');
        stack.push({ value: value[i], key: i, parent: place, depth: place.depth + 1 });
      }
    } else if (typeof (value as { toJSON?: unknown }).toJSON === 'function') {
      const text = (value as { toJSON(key: string): unknown }).toJSON(String(place.key));
      stack.push({ value: text, key: 'toJSON()', parent: place, depth: place.depth + 1 });
    } else {
      const keys = Object.keys(value);
      if (keys.length > maxKeys) refuse(place, `has more than ${maxKeys} keys`);
      for (const key of keys) {
        const child = (value as Record<string, unknown>)[key];
        if (child !== undefined) stack.push({ value: child, key, parent: place, depth: place.depth + 1 });
      }
    }
  }
}

/** Objects that JSON would write as `{}`. */
const emptied = [Map, Set, WeakMap, WeakSet, Promise, RegExp, Error, ArrayBuffer] as const;

function lossOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON can't hold`;
    case 'bigint':
    case 'symbol':
    case 'function':
      return `is a ${typeof value}, which JSON can't hold`;
    case 'object': {
      if (value === null || Array.isArray(value)) return undefined;
      if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'is an invalid Date' : undefined;
      const kind = emptied.find((type) => value instanceof type);
      if (kind) return `is a ${kind.name}, which JSON would empty: convert it, e.g. to an array of its entries`;
      // a Buffer has a toJSON, a plain typed array hasn't
      return ArrayBuffer.isView(value) && !('toJSON' in value)
        ? 'is a typed array: convert it, e.g. to base64'
        : undefined;
    }
    default:
      return undefined;
  }
}

function refuse(place: Place, loss: string): never {
  const path = pathOf(place);
  throw new UnserializableValueError(`the value at ${path} ${loss}`, path);
}

function pathOf(place: Place): string {
  const keys: string[] = [];
  for (let at: Place | undefined = place; at?.parent !== undefined; at = at.parent) {
    keys.push(
      typeof at.key === 'number' ? `[${at.key}]` : /^\w+$/.test(at.key) ? `.${at.key}` : `["${at.key.slice(0, 64)}"]`,
    );
  }
  // from the outside in; a cycle's path is as long as the depth limit and tells most by its beginning
  return `$${keys.reverse().slice(0, 8).join('')}${keys.length > 8 ? '…' : ''}`;
}
