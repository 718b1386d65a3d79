import { PayloadTooLargeError, UnserializableValueError } from '../errors.js';
import type { Codec } from '../engine/codec.js';
import type { Payload } from '../engine/records.js';

const largestPayload = 1024 * 1024;

/** The codec with its limits: `undefined` is absence, and no payload is larger than 1 MiB. */
export class Payloads {
  readonly #codec: Codec;

  constructor(codec: Codec) {
    this.#codec = codec;
  }

  /**
   * @param what names the value in errors, e.g. `the data of job "order"`
   * @throws UnserializableValueError, PayloadTooLargeError
   */
  encode(value: unknown, what: () => string): Payload | undefined {
    if (value === undefined) return undefined;
    const payload = this.#encode(value, what);
    const bytes = bytesOf(payload);
    if (bytes <= largestPayload) return payload;
    throw new PayloadTooLargeError(
      `${what()} has ${bytes} bytes, the limit is ${largestPayload}: store it elsewhere and pass a reference`,
    );
  }

  #encode(value: unknown, what: () => string): Payload {
    try {
      return this.#codec.encode(value);
    } catch (error) {
      if (!(error instanceof UnserializableValueError)) throw error;
      throw new UnserializableValueError(`${what()} can't be stored: ${error.message}`, error.path);
    }
  }

  /** @throws CorruptPayloadError */
  decode(payload: Payload | undefined): unknown {
    return payload === undefined ? undefined : this.#codec.decode(payload);
  }

  /** A payload as JSON text, to stand inside a larger one. */
  toJson(payload: Payload): string {
    return this.#codec.isJson ? payload : JSON.stringify(payload);
  }

  /** What `toJson` wrote, after the larger text was parsed. */
  fromJson(parsed: unknown): unknown {
    return this.#codec.isJson || typeof parsed !== 'string' ? parsed : this.#codec.decode(parsed);
  }
}

export function bytesOf(payload: string): number {
  return Buffer.byteLength(payload);
}
