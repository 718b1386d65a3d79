import { setImmediate as nextTurn } from 'node:timers/promises';
import { memoryEngine, type Clock, type Engine } from 'stepstream';
import { ManualClock } from '../support/manual-clock.js';
import { describeEngine } from './engine-contract.js';

describeEngine('late', () => {
  const clock = new ManualClock();
  const running: Clock = {
    now: () => clock.now(),
    after(ms, action) {
      if (ms <= 0) setImmediate(() => clock.tick());
      return clock.after(ms, action);
    },
  };
  const real = memoryEngine({ clock: running });
  const engine = new Proxy(real, {
    get(target, key) {
      const member = Reflect.get(target, key) as unknown;
      if (typeof member !== 'function' || key === 'watch' || key === 'events') return member;
      return async (...args: unknown[]) => {
        await nextTurn();
        let answer: unknown, error: unknown, failed = false;
        try { answer = (member as any).apply(target, args); } catch (e) { failed = true; error = e; }
        await nextTurn(); await nextTurn();
        if (failed) throw error;
        return answer;
      };
    },
  }) as Engine;
  return {
    engine,
    async advance(ms) {
      clock.advance(ms);
      await nextTurn();
    },
    held: () => clock.pending,
  };
});
