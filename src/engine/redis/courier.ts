import type { Redis } from 'ioredis';
import { ClosedError, StoreUnavailableError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import { Lookout } from './lookout.js';
import { errorWordOf, refusalOf, refused, type Refusal } from './refusals.js';
import type { Script } from './script.js';
import type { Wire } from './wire.js';

export type Argument = string | number | Buffer;

/** Something that is asked of Redis. */
export interface Order {
  /** In capitals: ioredis reshapes the answers to commands that it knows, and it knows them in small letters. */
  command: string;
  readonly args: Argument[];
  /** Sent whole when Redis doesn't know it. */
  readonly script?: Script;
  /** Whether strings in the answer come as Buffers. */
  readonly buffers: boolean;
  /** Whether it is never sent again after it may have been carried out. */
  readonly once: boolean;
  /** When it is given up, by the clock. */
  readonly until: number;
}

/** An order that couldn't be sent, or had no answer when it was first sent. */
interface LateOrder {
  readonly order: Order;
  /** By it they keep the order in which they were given. */
  readonly number: number;
  /** When it was given, as the lookout counts. */
  readonly begun: number;
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  /** For the connection, or for the end of a pause; if not, it is on its way. */
  waiting: boolean;
  /** What Redis last said to it. */
  refusal: StoreUnavailableError | undefined;
}

/** Milliseconds until Redis is asked again what it refuses for now: doubling from the shortest to the longest. */
const shortestPause = 50;
const longestPause = 1_000;

/**
 * Carries orders over a wire: at once and in order; again, in that order, when the connection was lost or Redis refused for now;
 * and no more when their time is over.
 */
export class Courier {
  readonly #wire: Wire;
  readonly #clock: Clock;
  readonly #timeout: number;
  readonly #lookout: Lookout;
  readonly #late = new Set<LateOrder>();
  #pause = shortestPause;
  #pausing: Cancel | undefined;
  #closed = false;
  #given = 0;

  constructor(wire: Wire, clock: Clock, timeout: number) {
    this.#wire = wire;
    this.#clock = clock;
    this.#timeout = timeout;
    this.#lookout = new Lookout({
      clock,
      timeout,
      onLook: () => {
        for (const late of this.#late) if (this.#isOver(late)) this.#giveUp(late);
        return this.#late.size > 0;
      },
      // a server that stands still, or a connection that is dead without a word: another one will tell
      onSilence: () => wire.redis && wire.drop(wire.redis, refused('TIMEOUT', wire.where)),
    });
  }

  /** @throws StoreUnavailableError, StoreFaultError, UnsupportedStoreError, ClosedError */
  async carryOut(order: Order): Promise<unknown> {
    const lookout = this.#lookout;
    const given = { number: ++this.#given, begun: lookout.begun };
    const { redis } = this.#wire;
    if (!redis) {
      this.#wire.start();
      return this.#later(order, given);
    }
    lookout.sent++;
    lookout.start();
    try {
      const answer = await ask(redis, order);
      lookout.answered++;
      return answer;
    } catch (error) {
      lookout.answered++;
      return this.#later(order, given, { redis, error });
    }
  }

  /** The wire has come up or gone down, or hasn't come up. */
  wireTurned(): void {
    const { redis, trouble } = this.#wire;
    if (redis) this.#resend();
    else if (trouble?.cure === 'nothing') for (const late of this.#late) this.#reject(late, trouble.error);
  }

  /** Rejects what waits; what is on its way is rejected when the wire closes. */
  close(): void {
    this.#closed = true;
    this.#lookout.stop();
    this.#pausing?.();
    this.#pausing = undefined;
    for (const late of this.#late) this.#reject(late, closed());
  }

  /** How many timers it has. */
  get held(): number {
    return this.#lookout.held + (this.#pausing ? 1 : 0);
  }

  // --- what isn't answered at once ---

  #later(
    order: Order,
    given: Pick<LateOrder, 'number' | 'begun'>,
    failed?: { readonly redis: Redis; readonly error: unknown },
  ): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const late: LateOrder = { order, ...given, resolve, reject, waiting: false, refusal: undefined };
      this.#late.add(late);
      if (failed) this.#failed(late, failed.redis, failed.error);
      else this.#wait(late);
    });
  }

  #failed(late: LateOrder, redis: Redis, error: unknown): void {
    const { order } = late;
    if (this.#closed) return this.#reject(late, closed());
    if (order.script && errorWordOf(error) === 'NOSCRIPT') {
      order.command = 'EVAL';
      order.args[0] = order.script.lua;
      return this.#askAgain(late);
    }
    const { where } = this.#wire;
    const { cure, error: refusal } = refusalOf(error, where);
    if (cure === 'nothing' || !(refusal instanceof StoreUnavailableError)) return this.#reject(late, refusal);
    const lost = refusal.reason === 'CONNECTION';
    if (lost && order.once) {
      const said = `the connection to ${where} was lost before the answer to ${order.command}: see whether it was done`;
      return this.#reject(late, new StoreUnavailableError(said, 'CONNECTION', { cause: refusal.cause }));
    }
    if (cure === 'reconnect') this.#wire.drop(redis, error);
    late.refusal = lost ? undefined : refusal; // what has become of the connection, the wire knows
    this.#wait(late);
  }

  #wait(late: LateOrder): void {
    const { redis, trouble } = this.#wire;
    if (this.#closed) this.#reject(late, closed());
    else if (!redis && trouble?.cure === 'nothing') this.#reject(late, trouble.error);
    else if (this.#isOver(late)) this.#giveUp(late);
    else {
      late.waiting = true;
      this.#lookout.start();
      if (redis) this.#pausing ??= this.#clock.after(this.#pause, this.#pauseOver);
    }
  }

  readonly #pauseOver = (): void => {
    this.#pausing = undefined;
    this.#pause = Math.min(this.#pause * 2, longestPause);
    this.#resend();
  };

  #resend(): void {
    const waiting = [...this.#late].filter((late) => late.waiting);
    for (const late of waiting.sort((a, b) => a.number - b.number)) this.#askAgain(late);
  }

  #askAgain(late: LateOrder): void {
    const { redis } = this.#wire;
    if (!redis) return this.#wait(late);
    late.waiting = false;
    this.#lookout.sent++;
    ask(redis, late.order).then(
      (answer) => {
        this.#lookout.answered++;
        this.#pause = shortestPause;
        if (this.#late.delete(late)) late.resolve(answer);
      },
      (error: unknown) => {
        this.#lookout.answered++;
        if (this.#late.has(late)) this.#failed(late, redis, error);
      },
    );
  }

  #reject(late: LateOrder, error: Error): void {
    this.#late.delete(late);
    late.reject(error);
  }

  #isOver({ order, begun }: LateOrder): boolean {
    return order.until <= this.#clock.now() && this.#lookout.isOver(begun);
  }

  #giveUp(late: LateOrder): void {
    const { where, trouble } = this.#wire;
    const { message, reason, cause } = late.refusal ?? unavailable(trouble) ?? refused('TIMEOUT', where);
    const said = `given up after ${this.#timeout} ms: ${message}`;
    this.#reject(late, new StoreUnavailableError(said, reason, { cause }));
  }
}

function ask(redis: Redis, { command, args, buffers }: Order): Promise<unknown> {
  return buffers ? redis.callBuffer(command, args) : redis.call(command, args);
}

function closed(): ClosedError {
  return new ClosedError('the app was closed before Redis had answered: see whether it was done');
}

function unavailable(trouble: Refusal | undefined): StoreUnavailableError | undefined {
  return trouble?.error instanceof StoreUnavailableError ? trouble.error : undefined;
}
