import { LeaseLostError, type Engine } from 'stepstream';

/** The engine's writes under a lease. */
const writes = new Set<PropertyKey>([
  'checkpoint',
  'moveToDelayed',
  'moveToWaitingChildren',
  'complete',
  'fail',
  'release',
]);

/** A machine's view of an engine, on which the machine dies at one of its writes. */
export interface MortalEngine {
  readonly engine: Engine;
  /** Writes so far. */
  writes: number;
  dead: boolean;
}

/**
 * An engine whose machine dies at write number `fatal` (from 1): before the engine has it, or after, before the answer has
 * arrived. From then on nothing that the machine does reaches the engine.
 */
export function mortalEngine(engine: Engine, fatal: number, when: 'before' | 'after', died: () => void): MortalEngine {
  const mortal: MortalEngine = {
    writes: 0,
    dead: false,
    engine: new Proxy(engine, {
      get(target, key) {
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]): unknown => {
          if (mortal.dead) {
            if (key === 'claim' || key === 'renew' || key === 'children') return [];
            if (key === 'recoverStalled') return { recovered: [], mayStall: false };
            throw new LeaseLostError('this machine is dead');
          }
          const isFatal = writes.has(key) && ++mortal.writes === fatal;
          if (isFatal && when === 'before') die(mortal, died);
          const answer: unknown = Reflect.apply(member, target, args);
          if (isFatal) die(mortal, died);
          return answer;
        };
      },
    }),
  };
  return mortal;
}

function die(mortal: MortalEngine, died: () => void): never {
  mortal.dead = true;
  died();
  throw new LeaseLostError('this machine has died');
}
