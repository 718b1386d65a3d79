import { jsonCodec, type Codec } from '../index.js';

/** What another codec has written: its text, as no more is known of it here. */
export class Opaque {
  constructor(readonly opaque: string) {}
}

/** Reads the payloads of any app: JSON as what it says, others as {@link Opaque}. */
export const lenientCodec: Codec = {
  isJson: true,
  encode: (value) => jsonCodec.encode(value),
  decode(payload) {
    try {
      return jsonCodec.decode(payload);
    } catch {
      return new Opaque(payload);
    }
  },
};

/** What can't be read at all is as if it weren't there: a look from outside is not to fail of one job. */
export function ifReadable<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
