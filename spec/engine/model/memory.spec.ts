import { memoryEngine } from 'stepstream';
import { ManualClock } from '../../support/manual-clock.js';
import { describeModel } from './describe-model.js';

describeModel(
  'memory',
  () => {
    const clock = new ManualClock(1_000_000);
    return { engine: memoryEngine({ clock }), advance: (ms) => clock.advance(ms), held: () => clock.pending };
  },
  { runs: 2_000 },
);
