import type { Engine } from 'stepstream';
import { virtualClock } from './virtual.js';

/** What answers at once on every engine. */
const immediate = new Set<PropertyKey>(['watch', 'events', 'status']);

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
      return (...args: unknown[]) => {
        const answer = new Later();
        virtualClock.after(ms / 2, () => {
          const outcome = outcomeOf(() => Reflect.apply(member, target, args) as unknown);
          virtualClock.after(ms / 2, () => answer.settle(outcome));
        });
        return answer;
      };
    },
  });
}

/** A value, or what was thrown, to be had by calling it. */
type Outcome = () => unknown;

function outcomeOf(call: () => unknown): Outcome {
  try {
    const value = call();
    return () => value;
  } catch (error) {
    return () => {
      throw error;
    };
  }
}

/** A promise that answers in the turn in which it is settled. */
class Later {
  #outcome: Outcome | undefined;
  readonly #waiting: (() => void)[] = [];

  settle(outcome: Outcome): void {
    this.#outcome = outcome;
    for (const each of this.#waiting) each();
  }

  // oxlint-disable-next-line unicorn/no-thenable -- a promise would not do in virtual time
  then(done?: (value: unknown) => unknown, failed?: (error: unknown) => unknown): Later {
    const next = new Later();
    const look = (): void => next.settle(this.#outcomeAfter(done, failed));
    if (this.#outcome) look();
    else this.#waiting.push(look);
    return next;
  }

  /** What a callback answers is the next one's outcome: nothing here answers with a promise. */
  #outcomeAfter(done?: (value: unknown) => unknown, failed?: (error: unknown) => unknown): Outcome {
    return outcomeOf(() => {
      let value: unknown;
      try {
        value = this.#outcome!();
      } catch (error) {
        if (failed) return failed(error);
        throw error;
      }
      return done ? done(value) : value;
    });
  }
}
