import type { Redis } from 'ioredis';
import { ClosedError } from '../../errors.js';
import type { Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import { openerOf, type Opener, type RedisConnection } from './connection.js';
import { Courier, type Argument } from './courier.js';
import { Dedicated } from './dedicated.js';
import type { Script } from './script.js';
import { checkServer, type Server } from './start-check.js';
import { Wire, type ConnectionListener, type WireStatus } from './wire.js';

export type { Dedicated } from './dedicated.js';

export interface LinkOptions {
  readonly connection: RedisConnection;
  /** What all keys begin with. In a cluster it holds a `{hash tag}`. */
  readonly prefix: string;
  readonly clock: Clock;
  /** Hears once of each thing that an operator should know. */
  warn(message: string): void;
  /** Milliseconds after which a call is given up. Default 5,000. */
  readonly timeout?: number;
}

export interface CallOptions {
  /** Whether strings in the answer come as Buffers. Default false. */
  readonly buffers?: boolean;
}

export interface SendOptions extends CallOptions {
  /** Whether it is never sent again after it may have been carried out. Default false. */
  readonly once?: boolean;
}

export interface LinkStatus {
  /** The server, as it called itself: `Redis 7.0.15`. */
  readonly server: string | undefined;
  readonly connections: readonly WireStatus[];
}

/**
 * The engine's way to Redis: a connection for all calls, made with the first of them, and one for each {@link dedicated}.
 *
 * A call is sent at once, in order. It is sent again, in that order, when the connection was lost before the answer or Redis refused
 * for now: each script must bear being carried out twice. After the timeout it is rejected, and not sent any more.
 */
export class Link {
  readonly #options: LinkOptions;
  readonly #timeout: number;
  readonly #wire: Wire;
  readonly #courier: Courier;
  readonly #dedicated = new Set<Dedicated>();
  readonly #warned = new Set<string>();
  #opener: Promise<Opener> | undefined;
  /** The server that the connection leads to, or has led to. */
  #server: Server | undefined;
  #closed = false;

  constructor(options: LinkOptions) {
    const { clock, timeout = 5_000 } = options;
    this.#options = options;
    this.#timeout = timeout;
    this.#wire = new Wire({
      name: 'stepstream',
      clock,
      opener: this.#openerOnce,
      check: async (redis, where) => {
        this.#server = await this.#check(redis, where);
      },
      onTurn: () => this.#courier.wireTurned(),
    });
    this.#courier = new Courier(this.#wire, clock, timeout);
  }

  /** Connects. @throws as {@link call} */
  async start(): Promise<void> {
    await this.send('PING', []);
  }

  /**
   * Calls a script, with the prefix as its key.
   *
   * @throws StoreUnavailableError after the timeout, or at once when Redis doesn't let us in; StoreFaultError for other errors that
   *   it answers; UnsupportedStoreError when jobs can't be kept in it; ClosedError
   */
  call(script: Script, args: readonly Argument[], { buffers = false }: CallOptions = {}): Promise<unknown> {
    const { prefix, clock } = this.#options;
    const until = clock.now() + this.#timeout;
    const told = [script.sha1, 1, prefix, ...args];
    return this.#courier.carryOut({ command: 'EVALSHA', args: told, script, buffers, once: false, until });
  }

  /** Sends a command. @throws as {@link call} */
  send(
    command: string,
    args: readonly Argument[],
    { buffers = false, once = false }: SendOptions = {},
  ): Promise<unknown> {
    const until = this.#options.clock.now() + this.#timeout;
    return this.#courier.carryOut({ command: command.toUpperCase(), args: [...args], buffers, once, until });
  }

  /** A connection of its own for commands that block; `name` is how `CLIENT LIST` knows it. @throws ClosedError */
  dedicated(name: string): Dedicated {
    if (this.#closed) throw new ClosedError('the app is closed: create another one');
    const dedicated = new Dedicated({
      name,
      clock: this.#options.clock,
      opener: this.#openerOnce,
      check: (redis, where) => this.#check(redis, where),
      unblock: (server, clientId) => this.#unblock(server, clientId),
      warn: (message) => this.#warnOnce(message),
      onClose: () => this.#dedicated.delete(dedicated),
    });
    this.#dedicated.add(dedicated);
    return dedicated;
  }

  /** Whether the connection for calls is up. */
  get up(): boolean {
    return this.#wire.redis !== undefined;
  }

  onChange(listener: ConnectionListener): Unsubscribe {
    return this.#wire.onChange(listener);
  }

  /** Its connections, but for those that were not needed so far: the one for calls first. */
  get status(): LinkStatus {
    const all = [this.#wire.status, ...[...this.#dedicated].map(({ status }) => status)];
    return { server: this.#server?.name, connections: all.filter((each) => each !== undefined) };
  }

  /** Rejects what isn't answered; resolves when no socket and no timer is left. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#courier.close();
    await Promise.all([this.#wire.close(), ...[...this.#dedicated].map((dedicated) => dedicated.close())]);
  }

  /** How many sockets and timers it has. */
  get held(): number {
    const dedicated = [...this.#dedicated].reduce((sum, { held }) => sum + held, 0);
    return this.#wire.held + this.#courier.held + dedicated;
  }

  /** ioredis is loaded, and the options looked at, with the first connection. */
  readonly #openerOnce = (): Promise<Opener> =>
    (this.#opener ??= openerOf(this.#options.connection, this.#options.prefix));

  #check(redis: Redis, where: string): Promise<Server> {
    return checkServer(redis, { prefix: this.#options.prefix, where, warn: (message) => this.#warnOnce(message) });
  }

  /** Whether a client was unblocked. Ids are a server's: on another one, a stranger would be meant. */
  async #unblock(server: string, clientId: number): Promise<boolean> {
    if (!this.up) await this.start();
    if (server !== this.#server?.id) throw new Error('the connections lead to different servers');
    return (await this.send('CLIENT', ['UNBLOCK', clientId], { once: true })) === 1;
  }

  #warnOnce(message: string): void {
    if (this.#warned.has(message)) return;
    this.#warned.add(message);
    this.#options.warn(message);
  }
}
