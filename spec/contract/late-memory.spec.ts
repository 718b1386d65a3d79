import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Engine } from 'stepstream';
import { describeEngine } from './engine-contract.js';
import { memoryUnderTest } from './memory-under-test.js';

/** What answers at once on every engine. */
const atOnce = new Set<PropertyKey>(['watch', 'events', 'status']);

/** Calls and answers take a turn of the event loop each, as they do to and from a store elsewhere. */
function late(engine: Engine): Engine {
  return new Proxy(engine, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (typeof member !== 'function' || atOnce.has(key)) return member;
      return async (...args: unknown[]) => {
        await nextTurn();
        const answer = (async (): Promise<unknown> => Reflect.apply(member, target, args))();
        await Promise.allSettled([answer, nextTurn()]);
        return answer;
      };
    },
  });
}

// The suite takes engines that answer with promises: this keeps it from relying on answers at once.
describeEngine('memory, late', () => {
  const under = memoryUnderTest();
  return { ...under, engine: late(under.engine) };
});
