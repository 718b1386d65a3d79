import { types } from 'node:util';
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
/** More than the largest payload has room for: an array, or shared objects, need not be walked any further. */
const maxValues = 1_000_000;

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
    } catch {
      // without its cause, which quotes the value
      throw new CorruptPayloadError('a stored value is not valid JSON: was it written with another codec?');
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

/** An object or array on the way through a value. */
interface Place {
  readonly value: object;
  readonly key: string | number;
  readonly parent: Place | undefined;
  readonly depth: number;
}

/** Walks with a stack of its own: a value nested a million deep must not overflow the program's. */
function refuseLosses(root: unknown): void {
  const stack: Place[] = [];
  let values = 0;
  visit(root, '', undefined, stack);
  for (let place = stack.pop(); place !== undefined; place = stack.pop()) {
    const { value, key, parent } = place;
    const keys = Array.isArray(value) ? undefined : Object.keys(value);
    if (keys && keys.length > maxKeys) refuse(`has more than ${maxKeys} keys`, key, parent);
    values += keys?.length ?? (value as readonly unknown[]).length;
    if (values > maxValues) refuse(`makes more than ${maxValues} values of the whole`, key, parent);
    if (keys) for (const each of keys) visit((value as Record<string, unknown>)[each], each, place, stack);
    else for (const [index, item] of (value as readonly unknown[]).entries()) visit(item, index, place, stack);
  }
}

function visit(raw: unknown, key: string | number, parent: Place | undefined, stack: Place[]): void {
  const value = jsonOf(raw, key, parent);
  if (value === undefined && parent !== undefined && !Array.isArray(parent.value)) return; // JSON drops it
  const loss = lossOf(value);
  if (loss !== undefined) refuse(loss, key, parent);
  if (typeof value !== 'object' || value === null) return;
  const depth = parent === undefined ? 0 : parent.depth + 1;
  if (depth >= maxDepth) refuse(`is nested deeper than ${maxDepth} levels, or in a cycle`, key, parent);
  stack.push({ value, key, parent, depth });
}

/** What JSON makes text of in a value's place. */
function jsonOf(value: unknown, key: string | number, parent: Place | undefined): unknown {
  if (typeof value !== 'object' || value === null) return value;
  // it would become null
  if (types.isDate(value) && Number.isNaN(value.getTime())) refuse('is an invalid Date', key, parent);
  const { toJSON } = value as { readonly toJSON?: unknown };
  return typeof toJSON === 'function' ? toJSON.call(value, String(key)) : value;
}

function lossOf(value: unknown): string | undefined {
  switch (typeof value) {
    case 'undefined':
      return 'is undefined, which is lost in an array';
    case 'number':
      return Number.isFinite(value) ? undefined : `is ${value}, which JSON can't hold`;
    case 'bigint':
    case 'symbol':
    case 'function':
      return `is a ${typeof value}, which JSON can't hold`;
    case 'object':
      return value === null || isPlain(value) ? undefined : lossOfObject(value);
    default:
      return undefined;
  }
}

function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === Array.prototype || prototype === null;
}

function lossOfObject(value: object): string | undefined {
  if (types.isBoxedPrimitive(value)) return lossOf(value.valueOf());
  if (ArrayBuffer.isView(value)) return 'is a typed array: convert it, e.g. to base64';
  const kind = emptied.find(([, is]) => is(value))?.[0];
  return kind && `is a ${kind}, which JSON would empty: convert it, e.g. to an array of its entries`;
}

/** Objects that JSON would write as `{}`; by what they are, as those of another realm are no instances of our classes. */
const emptied: readonly (readonly [kind: string, is: (value: object) => boolean])[] = [
  ['Map', types.isMap],
  ['Set', types.isSet],
  ['WeakMap', types.isWeakMap],
  ['WeakSet', types.isWeakSet],
  ['Promise', types.isPromise],
  ['RegExp', types.isRegExp],
  ['Error', (value) => types.isNativeError(value) || value instanceof Error || value instanceof DOMException],
  ['ArrayBuffer', types.isAnyArrayBuffer],
];

function refuse(loss: string, key: string | number, parent: Place | undefined): never {
  const keys: string[] = [];
  for (let at = parent, name = key; at !== undefined; name = at.key, at = at.parent) keys.push(accessOf(name));
  // from the outside in; a cycle's path is as long as the depth limit and tells most by its beginning
  const path = `$${keys.reverse().slice(0, 8).join('')}${keys.length > 8 ? '…' : ''}`;
  throw new UnserializableValueError(`the value at ${path} ${loss}`, path);
}

function accessOf(key: string | number): string {
  if (typeof key === 'number') return `[${key}]`;
  return /^\w+$/.test(key) ? `.${key}` : `["${key.slice(0, 64)}"]`;
}
