import { performance } from 'node:perf_hooks';

/** Takes back what was scheduled; calling it late or twice does nothing. */
export type Cancel = () => void;

/** The engine's time. Everything that waits or looks at a clock asks here, so that a test can own the time. */
export interface Clock {
  /** Milliseconds that rise with time alone, for what is measured: `now()` may be set right. Default `now()`. */
  steady?(): number;
  /** Milliseconds since the epoch; never goes backwards. */
  now(): number;
  /** Calls `action` once, `ms` milliseconds from now, however many, never sooner; 0: at the next turn of the event loop. */
  after(ms: number, action: () => void): Cancel;
}

/** How much time there is on a clock, to measure by. */
export function steadyTime(clock: Clock): number {
  return clock.steady ? clock.steady() : clock.now();
}

/** The longest `setTimeout` that Node honours: beyond it, a timer fires at once. */
const longestTimeout = 2 ** 31 - 1;

/** Real time: the wall clock as it stood at start, advanced by the monotonic one, so that a set clock ends no lease. */
export const systemClock: Clock = {
  now: () => performance.timeOrigin + performance.now(),
  after(ms, action) {
    if (ms <= 0) {
      const immediate = setImmediate(action);
      return () => clearImmediate(immediate);
    }
    const due = systemClock.now() + ms;
    let timer: NodeJS.Timeout;
    // Node's timers count whole milliseconds and may fire a fraction early: what is called then would find nothing due
    const look = (): void => {
      const left = due - systemClock.now();
      if (left > 0) timer = setTimeout(look, Math.min(Math.ceil(left), longestTimeout));
      else action();
    };
    look();
    return () => clearTimeout(timer);
  },
};
