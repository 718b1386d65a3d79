import type { Cancel, Clock } from '../index.js';

/** A clock that is told what goes on. */
export interface WorldClock extends Clock {
  /** @param isUpkeep whether it only keeps the worker going: renews leases, looks for stalled jobs */
  after(ms: number, action: () => void, isUpkeep?: boolean): Cancel;
  progressed(): void;
  leased(duration: number): void;
}
