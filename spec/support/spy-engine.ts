import type { Clock, Engine } from 'stepstream';
import type { Lease, Write } from '../../src/engine/records.js';

/** A call of the engine's port. */
export interface Call {
  readonly method: keyof Engine;
  readonly args: readonly any[];
  /** Of a call that writes under a lease. */
  readonly lease?: Lease;
  readonly write?: Write;
}

type Which = (call: Call) => boolean;
type Around = (call: Call, proceed: () => unknown) => unknown;

/** Calls whose answers are held back. */
export interface Held {
  readonly waiting: readonly Call[];
  /** Gives the oldest answer. */
  release(): void;
}

/**
 * The port of an engine as one machine sees it: notes every call, lets a test stand between, and can die. Of a dead
 * machine no call reaches the store any more, no answer and no timer reaches it.
 */
export class SpyEngine {
  readonly calls: Call[] = [];
  /** What is made of a call: by default it is made. */
  around: Around = (_, proceed) => proceed();
  dead = false;
  readonly engine: Engine;
  readonly #real: Engine;

  constructor(real: Engine) {
    this.#real = real;
    const clock = this.#mortalClock();
    this.engine = new Proxy(real, {
      get: (target, key) => {
        if (key === 'clock') return clock;
        const member: unknown = Reflect.get(target, key);
        if (typeof member !== 'function') return member;
        return (...args: unknown[]) => this.#call(key as keyof Engine, args);
      },
    });
  }

  /** The calls that write to a job, by method name and content. */
  get writes(): readonly (Call & { readonly lease: Lease; readonly write: Write })[] {
    return this.calls.filter((call) => call.write !== undefined) as (Call & { lease: Lease; write: Write })[];
  }

  of(method: keyof Engine): readonly Call[] {
    return this.calls.filter((call) => call.method === method);
  }

  /** The machine's process is gone. */
  die(): void {
    this.dead = true;
  }

  /** The machine dies right before, or right after, the store has seen this call. */
  dieAt(moment: 'before' | 'after', which: Which): void {
    this.around = (call, proceed) => {
      if (!which(call)) return proceed();
      if (moment === 'after') proceed();
      this.die();
      return never;
    };
  }

  /** These calls are made at once from now on, but their answers wait for the test. */
  hold(which: Which = isWrite): Held {
    return this.#holdUp(which, (proceed) => {
      const answer = attempt(proceed);
      return () => answer;
    });
  }

  /** These calls are on their way to the store from now on until the test lets them arrive. */
  holdBack(which: Which = isWrite): Held {
    return this.#holdUp(which, (proceed) => () => attempt(proceed));
  }

  #holdUp(which: Which, start: (proceed: () => unknown) => () => Promise<unknown>): Held {
    const held: { call: Call; release: () => void }[] = [];
    this.around = (call, proceed) => {
      if (!which(call)) return proceed();
      const finish = start(proceed);
      return new Promise((resolve) => {
        held.push({ call, release: () => resolve(finish()) });
      });
    };
    return {
      get waiting() {
        return held.map(({ call }) => call);
      },
      release: () => {
        const oldest = held.shift();
        if (!oldest) throw new Error('nothing is held up');
        oldest.release();
      },
    };
  }

  /** These calls fail from now on, as many as `times` says. */
  failAt(which: Which, error: Error, times = Infinity): void {
    let left = times;
    this.around = (call, proceed) => (which(call) && left-- > 0 ? Promise.reject(error) : proceed());
  }

  /** Every answer takes this long from now on, as over a network: half of it on the way to the store. */
  slow(ms: number): void {
    const { clock } = this.#real;
    this.around = ({ method }, proceed) => {
      if (method === 'watch' || method === 'events') return proceed();
      return new Promise((resolve) => {
        clock.after(ms / 2, () => {
          const answer = attempt(proceed);
          clock.after(ms / 2, () => resolve(answer));
        });
      });
    };
  }

  #call(method: keyof Engine, args: unknown[]): unknown {
    if (this.dead) return never;
    const [lease, write] = args as [Lease?, Write?];
    const writes = typeof write === 'object' && write !== null && 'seq' in write;
    const call: Call = { method, args, ...(writes && { lease: lease!, write }) };
    this.calls.push(call);
    const answer = this.around(call, () => {
      const member = Reflect.get(this.#real, method) as (...args: unknown[]) => unknown;
      return Reflect.apply(member, this.#real, args.map(this.#mortal));
    });
    if (this.dead) return never;
    return answer instanceof Promise ? this.#untilDeath(answer) : answer;
  }

  /** A watcher or listener that hears nothing any more once the machine is dead. */
  readonly #mortal = (arg: unknown): unknown =>
    typeof arg === 'function'
      ? (...args: unknown[]) => (this.dead ? undefined : Reflect.apply(arg, undefined, args))
      : arg;

  #untilDeath(answer: Promise<unknown>): Promise<unknown> {
    return new Promise((resolve, reject) => {
      answer.then(
        (value) => this.dead || resolve(value),
        (error: Error) => this.dead || reject(error),
      );
    });
  }

  #mortalClock(): Clock {
    const { clock } = this.#real;
    return { now: () => clock.now(), after: (ms, action) => clock.after(ms, () => this.dead || action()) };
  }
}

const isWrite: Which = ({ write }) => write !== undefined;

const never = new Promise<never>(() => {});

/** The outcome of a call as a promise: what is thrown is its rejection, for whoever waits for it later. */
function attempt(call: () => unknown): Promise<unknown> {
  const outcome = new Promise<unknown>((resolve) => resolve(call()));
  outcome.catch(() => {});
  return outcome;
}
