/** Calls `work` with 0 up to `calls`, so many at a time. */
export async function inFlight(calls: number, limit: number, work: (index: number) => Promise<unknown>): Promise<void> {
  let next = 0;
  const lane = async (): Promise<void> => {
    while (next < calls) await work(next++);
  };
  await Promise.all(Array.from({ length: limit }, lane));
}

/** Indices from 0 up to `size`, in lists of a thousand. */
export function* thousands(size: number): Generator<readonly number[]> {
  for (let from = 0; from < size; from += 1_000) {
    yield Array.from({ length: Math.min(1_000, size - from) }, (_, index) => from + index);
  }
}
