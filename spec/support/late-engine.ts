import type { Engine } from 'stepstream';
import { virtualClock } from './virtual.js';

/** What answers at once on every engine. */
const immediate = new Set<PropertyKey>(['watch', 'events']);

/**
 * An engine whose answers are on their way for some virtual time, as a store's on another machine are: half of it until
 * the engine has the call, half of it until the caller has the answer. A promise could not be waited for in virtual time, but what
 * looks like one can.
 */
export function lateEngine(engine: Engine, ms: number): Engine {
  return new Proxy(engine, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function' || immediate.has(key)) return member;
      return (...args: unknown[]) => ({
        // oxlint-disable-next-line unicorn/no-thenable -- a promise would not do in virtual time
        then(done: (answer: unknown) => void, failed: (error: unknown) => void): void {
          virtualClock.after(ms / 2, () => {
            let answer: () => void;
            try {
              const value: unknown = Reflect.apply(member, target, args);
              answer = () => done(value);
            } catch (error) {
              answer = () => failed(error);
            }
            virtualClock.after(ms / 2, answer);
          });
        },
      });
    },
  });
}
