import { inspect } from 'node:util';
import type { Lease } from '../../../src/engine/records.js';
import type { Port } from './model.js';

/** A call of the port, or time that passes. Leases in it are the model's. */
export type Call =
  | { [K in keyof Port]: { readonly method: K; readonly args: Parameters<Port[K]> } }[keyof Port]
  | { readonly method: 'advance'; readonly args: readonly [ms: number] };

/** What came of a call: its answer, or the code of the error that it threw. */
export type Outcome = { readonly answer: unknown } | { readonly refused: string };

/** Puts other leases in the place of the model's, wherever they stand among the arguments. */
export function withLeases(args: readonly unknown[], lease: (of: Lease) => Lease): unknown[] {
  return args.map((arg) => {
    if (Array.isArray(arg)) return withLeases(arg, lease);
    return isLease(arg) ? lease(arg) : arg;
  });
}

export function isLease(value: unknown): value is Lease {
  return typeof value === 'object' && value !== null && 'token' in value;
}

/** A call and what came of it, in one line that can be read and replayed by hand. */
export function textOf({ method, args }: Call, outcome: Outcome): string {
  const came = 'refused' in outcome ? `refused: ${outcome.refused}` : oneLine(outcome.answer);
  return `${method}(${args.map(oneLine).join(', ')}) → ${came}`;
}

/** Without what is absent, empty or of no account. */
function oneLine(value: unknown): string {
  return inspect(brief(value), { breakLength: Infinity, depth: 8, compact: true }).replaceAll('\n', ' ');
}

function brief(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(brief);
  if (typeof value !== 'object' || value === null || value instanceof Map) return value;
  if ('lease' in value && 'job' in value) return brief(value.lease); // claimed
  if ('eventId' in value && 'id' in value) return value.id; // a job's record
  if (isLease(value)) return `${value.queue}/${value.jobId} by ${value.token}`;
  const dull = 'opts' in value ? ['name', 'data', 'timestamp'] : [];
  return Object.fromEntries(
    Object.entries(value).flatMap(([key, each]) =>
      each === undefined || dull.includes(key) ? [] : [[key, brief(each)]],
    ),
  );
}
