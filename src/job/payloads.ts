import { CorruptPayloadError, PayloadTooLargeError, UnserializableValueError } from '../errors.js';
import type { Codec } from '../engine/codec.js';
import { failureOf } from './failure.js';
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
    let payload: unknown;
    try {
      payload = this.#codec.encode(value);
    } catch (error) {
      const isOurs = error instanceof UnserializableValueError;
      const { reason } = failureOf(error);
      throw new UnserializableValueError(`${what()} can't be stored: ${reason}`, isOurs ? error.path : '', {
        cause: error,
      });
    }
    if (typeof payload === 'string') return payload;
    throw new UnserializableValueError(
      `${what()} can't be stored: the codec made no text of it, but a ${typeof payload}`,
    );
  }

  /** @throws CorruptPayloadError */
  decode(payload: Payload | undefined): unknown {
    if (payload === undefined) return undefined;
    try {
      return this.#codec.decode(payload);
    } catch (error) {
      if (error instanceof CorruptPayloadError) throw error;
      throw new CorruptPayloadError(`a stored value can't be decoded: ${failureOf(error).reason}`, { cause: error });
    }
  }

  /** A payload as JSON text, to stand inside a larger one. */
  toJson(payload: Payload): string {
    return this.#codec.isJson ? payload : JSON.stringify(payload);
  }

  /** A job's progress: what `updateProgress` was given, or a step's, with its emission. */
  progressOf(text: string): unknown {
    const progress: unknown = JSON.parse(text);
    const isOfStep = progress !== null && typeof progress === 'object' && 'step' in progress && 'emission' in progress;
    return isOfStep ? { ...progress, emission: this.fromJson(progress.emission) } : this.fromJson(progress);
  }

  /** What `toJson` wrote, after the larger text was parsed. */
  fromJson(parsed: unknown): unknown {
    return this.#codec.isJson || typeof parsed !== 'string' ? parsed : this.#codec.decode(parsed);
  }
}

export function bytesOf(payload: string): number {
  return Buffer.byteLength(payload);
}
