import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryEngine, type Clock } from 'stepstream';
import { ManualClock } from '../support/manual-clock.js';
import type { EngineUnderTest } from './engine-contract.js';

/** The memory engine on a clock that stands until a test lets time pass. */
export function memoryUnderTest(): EngineUnderTest {
  const clock = new ManualClock();
  /** What is to be done at once is done at the next turn of the event loop; only waiting needs the test's hand. */
  const running: Clock = {
    now: () => clock.now(),
    after(ms, action) {
      if (ms <= 0) setImmediate(() => clock.tick());
      return clock.after(ms, action);
    },
  };
  return {
    engine: memoryEngine({ clock: running }),
    async advance(ms) {
      clock.advance(ms);
      await nextTurn();
    },
    held: () => clock.pending,
  };
}
