import { memoryEngine } from 'stepstream';
import type { EngineUnderTest } from '../../contract/bench.js';
import { ManualClock } from '../../support/manual-clock.js';
import { describeModel } from './describe-model.js';

/** On a clock that stands, or moves on a little whenever it is read. */
function engineOn(drift: number): EngineUnderTest {
  const manual = new ManualClock(1_000_000);
  const now = (): number => {
    manual.block(drift);
    return manual.now();
  };
  const clock = { now, after: manual.after.bind(manual) };
  return { engine: memoryEngine({ clock }), advance: (ms) => manual.advance(ms), held: () => manual.pending };
}

describeModel('memory', () => engineOn(0), { runs: 2_000 });
describeModel('memory on a clock that runs', () => engineOn(0.1), { runs: 100, clock: 'runs' });
