import { defer, map, toArray, type OperatorFunction } from 'rxjs';
import type { Payload } from '../engine/records.js';
import { PayloadTooLargeError } from '../errors.js';
import { bytesOf, type Payloads } from '../job/payloads.js';

const mostBytes = 1024 * 1024;

/** A value of a gate's source, as it is stored, and as it comes back from there. */
export interface Collected<V> {
  readonly payload: Payload | undefined;
  readonly value: V;
}

/**
 * Emits all values of its source when that completes. Each is encoded on arrival: what is changed later is not what was
 * emitted.
 *
 * @param gate names it in errors
 */
export function collect<V>(payloads: Payloads, gate: string): OperatorFunction<V, Collected<V>[]> {
  return (source) =>
    defer(() => {
      let bytes = 0;
      const taken = map((value: V): Collected<V> => {
        const payload = payloads.encode(value, () => `a value of ${gate}`);
        bytes += payload === undefined ? 0 : bytesOf(payload);
        if (bytes <= mostBytes) return { payload, value: payloads.decode(payload) as V };
        throw new PayloadTooLargeError(`the values of ${gate} have more than ${mostBytes} bytes together`);
      });
      return source.pipe(taken, toArray());
    });
}
