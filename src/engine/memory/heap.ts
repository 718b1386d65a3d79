/** An entry of a {@link Heap}: ordered by `key`, then by `turn`. `at` is its place in the heap, -1 when out of it. */
export interface Entry<T> {
  readonly item: T;
  readonly key: number;
  readonly turn: number;
  at: number;
}

/** A binary heap from which any entry can be removed in O(log n). */
export class Heap<T> {
  readonly #entries: Entry<T>[] = [];

  get size(): number {
    return this.#entries.length;
  }

  first(): Entry<T> | undefined {
    return this.#entries[0];
  }

  add(item: T, key: number, turn: number): Entry<T> {
    const entry = { item, key, turn, at: this.#entries.length };
    this.#entries.push(entry);
    this.#rise(entry);
    return entry;
  }

  remove(entry: Entry<T>): void {
    const { at } = entry;
    if (at < 0) return;
    entry.at = -1;
    const last = this.#entries.pop()!;
    if (last === entry) return;
    this.#put(last, at);
    this.#rise(last);
    this.#sink(last);
  }

  /** All items in their order, for those who list them. */
  sorted(): readonly T[] {
    return [...this.#entries].sort(order).map((entry) => entry.item);
  }

  #rise(entry: Entry<T>): void {
    while (entry.at > 0) {
      const parent = this.#entries[(entry.at - 1) >> 1]!;
      if (order(parent, entry) <= 0) return;
      this.#swap(parent, entry);
    }
  }

  #sink(entry: Entry<T>): void {
    for (;;) {
      const left = this.#entries[2 * entry.at + 1];
      const right = this.#entries[2 * entry.at + 2];
      const least = left && right && order(right, left) < 0 ? right : left;
      if (!least || order(entry, least) <= 0) return;
      this.#swap(entry, least);
    }
  }

  #swap(a: Entry<T>, b: Entry<T>): void {
    const { at } = a;
    this.#put(a, b.at);
    this.#put(b, at);
  }

  #put(entry: Entry<T>, at: number): void {
    this.#entries[at] = entry;
    entry.at = at;
  }
}

function order(a: Entry<unknown>, b: Entry<unknown>): number {
  return a.key - b.key || a.turn - b.turn;
}
