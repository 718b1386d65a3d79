import { CorruptPayloadError } from '../errors.js';
import type { Payload } from '../engine/records.js';

/** What is saved of a gate. */
export interface GateRecord {
  /** The values that it passes on; absent when it passes on its children's results. */
  readonly values?: readonly (Payload | undefined)[];
  /** When it lets them pass, in milliseconds of the engine's clock. */
  readonly due?: number;
  /** Number of its children. */
  readonly children?: number;
  /** The groups of children that it waits for besides its own: those that no other gate awaited when it was reached. */
  readonly others?: readonly string[];
  /** The route that was noted above the gate, for those who resume below it. */
  readonly route?: string;
  /** How many of them are added; absent: all. Until then the record answers nobody. */
  readonly added?: number;
}

export function formatRecord({ values, due, children, others, route, added }: GateRecord): string {
  // JSON has no undefined: it writes null for one in an array, and payloads are text
  return JSON.stringify({ v: values, due, n: children, o: others, r: route, a: added });
}

export function parseRecord(text: string): GateRecord {
  try {
    const { v, due, n, o, r, a } = JSON.parse(text);
    const values = v?.map((payload: Payload | null) => payload ?? undefined);
    return { ...(values && { values }), due, children: n, others: o, route: r, added: a };
  } catch (cause) {
    throw new CorruptPayloadError('the record of a gate is not readable', { cause });
  }
}
