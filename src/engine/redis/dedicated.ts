import type { Redis } from 'ioredis';
import { ClosedError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { Opener } from './connection.js';
import type { Argument } from './courier.js';
import { refusalOf, refused, type Refusal } from './refusals.js';
import type { Server } from './start-check.js';
import { Wire, type ConnectionListener, type WireStatus } from './wire.js';

export interface DedicatedOptions {
  readonly name: string;
  readonly clock: Clock;
  opener(): Promise<Opener>;
  /** The start check. */
  check(redis: Redis, where: string): Promise<Server>;
  /** Ends a client's wait, on another connection; answers whether it waited. */
  unblock(server: string, clientId: number): Promise<boolean>;
  /** What nobody but a person can mend: who calls in a loop goes on waiting in vain. */
  warn(message: string): void;
  onClose(): void;
}

/** One call of `block`. */
interface Turn {
  /** Where it waits in Redis; `undefined` before it is sent, and after its answer. */
  redis: Redis | undefined;
  interrupted: boolean;
}

/** Milliseconds without an answer after which a connection counts as dead: a command may block for 30 s. */
const longestSilence = 35_000;

/** Milliseconds until Redis is asked again to end a command that hasn't reached it yet. */
const unblockPause = 5;

/** Milliseconds for which a refusal is kept back: who calls in a loop would ask Redis in vain all the time. */
const refusalPause = 1_000;

/** A connection for commands that block, one at a time. It connects when it is made. */
export class Dedicated {
  readonly #options: DedicatedOptions;
  readonly #wire: Wire;
  readonly #timers = new Set<Cancel>();
  #clientId = 0;
  #server = '';
  #turn: Turn | undefined;
  /** Has the turn that waits here look again at what it waits for. */
  #wake: () => void = () => {};
  #interrupting = false;
  #closed = false;

  constructor(options: DedicatedOptions) {
    const { name, clock, opener, check } = options;
    this.#options = options;
    this.#wire = new Wire({
      name,
      clock,
      opener,
      check: async (redis, where) => {
        this.#server = (await check(redis, where)).id;
        this.#clientId = (await redis.call('CLIENT', ['ID'])) as number;
      },
      onTurn: () => this.#wake(),
    });
    this.#wire.start();
  }

  /** Redis' id of the connection; `undefined` while it is down. */
  get clientId(): number | undefined {
    return this.#wire.redis && this.#clientId;
  }

  onChange(listener: ConnectionListener): Unsubscribe {
    return this.#wire.onChange(listener);
  }

  /**
   * Sends a command that blocks for at most 30 s, once the connection is up; answers `null` when it was interrupted. It is
   * never sent again: call it again.
   *
   * @throws StoreUnavailableError when the connection is lost before the answer, or Redis refuses; StoreFaultError;
   *   UnsupportedStoreError; ClosedError
   */
  async block(command: string, args: readonly Argument[]): Promise<unknown> {
    if (this.#turn) throw new Error('one command at a time: wait for its answer, or interrupt it');
    const turn: Turn = { redis: undefined, interrupted: false };
    this.#turn = turn;
    try {
      const redis = await this.#ready(turn);
      // looked at once more: between the two, a turn of the event loop may have brought an interruption
      return redis && !turn.interrupted ? await this.#ask(turn, redis, command.toUpperCase(), [...args]) : null;
    } catch (error) {
      if (turn.interrupted) return null;
      throw this.#closed ? new ClosedError('the app was closed while Redis was waited for') : error;
    } finally {
      this.#turn = undefined;
    }
  }

  /**
   * Has the `block` call that is under way answer `null` soon, or fail with its connection when Redis can't be told. One that is
   * made afterwards isn't touched: it is sent when the interruption is over.
   */
  interrupt(): void {
    const turn = this.#turn;
    if (turn?.redis) void this.#unblock(turn, turn.redis);
    else if (turn) {
      turn.interrupted = true;
      this.#wake();
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#wake();
    await this.#wire.close();
    this.#options.onClose();
  }

  get status(): WireStatus | undefined {
    return this.#wire.status;
  }

  /** How many sockets and timers it has. */
  get held(): number {
    return this.#wire.held + this.#timers.size;
  }

  /** The connection to send on; `undefined` when the turn was interrupted. */
  async #ready(turn: Turn): Promise<Redis | undefined> {
    for (let tried = false; ; tried = true) {
      const { redis, trouble } = this.#wire;
      if (turn.interrupted) return undefined;
      if (redis && !this.#interrupting) return redis; // an interruption of the turn before would end this one
      if (this.#closed) throw new ClosedError('the app is closed: create another one');
      if (tried && !redis && trouble?.cure === 'nothing') throw this.#told(trouble);
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  async #ask(turn: Turn, redis: Redis, command: string, args: Argument[]): Promise<unknown> {
    const { where } = this.#wire;
    const silent = this.#after(longestSilence, () => this.#wire.drop(redis, refused('TIMEOUT', where)));
    turn.redis = redis;
    try {
      return await redis.call(command, args);
    } catch (error) {
      turn.redis = undefined;
      const refusal = refusalOf(error, where);
      if (refusal.cure === 'reconnect') this.#wire.drop(redis, error);
      else if (redis === this.#wire.redis) await this.#rest();
      else if (this.#wire.trouble) throw this.#told(this.#wire.trouble); // the connection is gone, and that is why
      throw this.#told(refusal);
    } finally {
      turn.redis = undefined;
      silent();
    }
  }

  #told({ cure, error }: Refusal): Error {
    if (cure === 'nothing' && !this.#closed) this.#options.warn(error.message);
    return error;
  }

  #rest(): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#after(refusalPause, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }

  async #unblock(turn: Turn, redis: Redis): Promise<void> {
    if (this.#interrupting) return;
    this.#interrupting = true;
    try {
      // Redis may hear of it before the command has come there, which would wait all the same
      while (turn.redis === redis && !(await this.#options.unblock(this.#server, this.#clientId))) {
        await new Promise<void>((resolve) => this.#after(unblockPause, resolve));
      }
    } catch (error) {
      // there is no other way to end it
      this.#wire.drop(redis, new Error(`it had to be ended: ${(error as Error).message}`));
    } finally {
      this.#interrupting = false;
      this.#wake();
    }
  }

  #after(ms: number, action: () => void): Cancel {
    if (this.#closed) return () => {};
    const cancel = this.#options.clock.after(ms, () => {
      this.#timers.delete(cancel);
      action();
    });
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }
}
