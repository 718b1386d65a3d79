/** What a script has packed: text, whole numbers, booleans, lists. */
export type Packed = string | number | boolean | undefined | readonly Packed[];

/** Reads what Redis' `cmsgpack.pack` makes of such values. One text for a whole answer costs a fraction of its parts one by one. */
export function unpack(bytes: Buffer): Packed {
  return new Reader(bytes).value();
}

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  value(): Packed {
    const type = this.#bytes[this.#at++]!;
    if (type < 0x80) return type;
    if (type >= 0xe0) return type - 0x100;
    if (type >= 0xa0 && type < 0xc0) return this.#text(type & 0x1f);
    if (type >= 0x90 && type < 0xa0) return this.#list(type & 0x0f);
    switch (type) {
      case 0xc0:
        return undefined;
      case 0xc2:
        return false;
      case 0xc3:
        return true;
      case 0xcb:
        return this.#number('readDoubleBE', 8);
      case 0xcc:
      case 0xcd:
      case 0xce:
        return this.#size(type - 0xcc);
      case 0xcf:
        return Number(this.#number('readBigUInt64BE', 8));
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#size(type - 0xd9));
      case 0xdc:
      case 0xdd:
        return this.#list(this.#size(type - 0xdb));
      default:
        throw new Error(`no script answers with a value of type ${type}`);
    }
  }

  /** An unsigned number of 1, 2 or 4 bytes. */
  #size(log: number): number {
    const bytes = 1 << log;
    const size = this.#bytes.readUIntBE(this.#at, bytes);
    this.#at += bytes;
    return size;
  }

  #number<M extends 'readDoubleBE' | 'readBigUInt64BE'>(method: M, bytes: number): ReturnType<Buffer[M]> {
    const value = this.#bytes[method](this.#at);
    this.#at += bytes;
    return value as ReturnType<Buffer[M]>;
  }

  #text(length: number): string {
    const from = this.#at;
    this.#at += length;
    return this.#bytes.toString('utf8', from, this.#at);
  }

  #list(length: number): readonly Packed[] {
    const list: Packed[] = [];
    for (let i = 0; i < length; i++) list.push(this.value());
    return list;
  }
}
