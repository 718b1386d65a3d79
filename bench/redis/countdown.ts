/** A promise that is kept by the last of some hits: cheaper than a listener of either side's `completed` event. */
export interface Countdown {
  readonly reached: Promise<void>;
  hit(): void;
  fail(error: Error): void;
}

export function countdown(hits: number): Countdown {
  let left = hits;
  let resolve!: () => void;
  let fail!: (error: Error) => void;
  const reached = new Promise<void>((...settle) => ([resolve, fail] = settle));
  reached.catch(() => {}); // who awaits it is told; a job that fails earlier must not end the process
  return {
    reached,
    hit: () => {
      if (--left === 0) resolve();
    },
    fail,
  };
}
