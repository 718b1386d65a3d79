import type { Redis } from 'ioredis';
import type { Cancel, Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { Opener } from './connection.js';
import { refusalOf, refused, type Refusal } from './refusals.js';

/** Milliseconds between attempts to connect: doubling from the shortest to the longest. */
const shortestPause = 50;
const longestPause = 1_000;

/** The pause after an attempt that failed of what only a person can mend: a wrong password isn't to be tried again and again. */
const deniedPause = 5_000;

/** Milliseconds for one attempt, from the first packet to the end of the check. */
const attemptTime = 5_000;

export interface WireOptions {
  readonly name: string;
  readonly clock: Clock;
  opener(): Promise<Opener>;
  /** Throws what keeps the connection from being used. */
  check(redis: Redis, where: string): Promise<void>;
  /** An attempt to connect has succeeded or failed, or the connection has ended: before those that listen hear of it. */
  onTurn(): void;
}

/** Hears that a connection has come up, or gone down, and when that was by the clock. */
export type ConnectionListener = (up: boolean, at: number) => void;

export interface WireStatus {
  readonly name: string;
  readonly up: boolean;
  /** Since when, by the clock. */
  readonly since: number;
  /** Why it isn't up. */
  readonly error: string | undefined;
}

/** One connection that is kept up: from its start until it is closed, it is made anew when it ends. */
export class Wire {
  /** The connection, while it is up. */
  redis: Redis | undefined;
  /** Why it isn't up, since the last attempt. */
  trouble: Refusal | undefined;
  /** Redis' address, for messages. */
  where = 'Redis';
  readonly #options: WireOptions;
  /** Up, or being tried. */
  #current: Redis | undefined;
  /** All that have not ended yet, those too that were dropped. */
  readonly #open = new Map<Redis, Promise<void>>();
  readonly #listeners = new Set<ConnectionListener>();
  #timer: Cancel | undefined;
  #failures = 0;
  /** When it came up, or went down, or was to come up at first. */
  #since = 0;
  #started = false;
  #closed = false;

  constructor(options: WireOptions) {
    this.#options = options;
  }

  /** Connects; nothing happens when that was done before. */
  start(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    this.#since = this.#options.clock.now();
    void this.#connect();
  }

  /** Gives the connection up and makes another; nothing happens when that is done already. */
  drop(redis: Redis, why: unknown): void {
    if (redis !== this.#current) return;
    const wasUp = this.redis !== undefined;
    // one that comes up and is dropped at once, again and again, counts as one that doesn't come up
    if (wasUp && this.#options.clock.now() - this.#since > longestPause) this.#failures = 0;
    this.#letGo();
    end(redis);
    if (wasUp) this.#since = this.#options.clock.now();
    this.#retry(why);
    if (wasUp) this.#tell(false);
  }

  onChange(listener: ConnectionListener): Unsubscribe {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const wasUp = this.redis !== undefined;
    this.#letGo();
    for (const redis of this.#open.keys()) end(redis);
    if (wasUp) this.#tell(false);
    await Promise.all(this.#open.values());
  }

  /** `undefined` before it was started. */
  get status(): WireStatus | undefined {
    if (!this.#started) return undefined;
    return {
      name: this.#options.name,
      up: this.redis !== undefined,
      since: this.#since,
      error: this.trouble?.error.message,
    };
  }

  /** How many sockets and timers it has. */
  get held(): number {
    return this.#open.size + (this.#timer ? 1 : 0);
  }

  async #connect(): Promise<void> {
    this.#timer = undefined;
    let redis: Redis;
    try {
      const { where, open } = await this.#options.opener();
      this.where = where;
      redis = open(this.#options.name);
    } catch (error) {
      return this.#retry(error); // no connection can be made of these options
    }
    if (!this.#closed) await this.#tryOut(redis);
  }

  async #tryOut(redis: Redis): Promise<void> {
    let fault: unknown;
    redis.on('error', (error) => (fault = error)); // says why it ends; the end itself doesn't
    this.#open.set(
      redis,
      this.#ended(redis, () => fault),
    );
    this.#current = redis;
    this.#timer = this.#options.clock.after(attemptTime, () => this.drop(redis, refused('TIMEOUT', this.where)));
    try {
      await redis.connect();
      if (fault !== undefined) throw fault as Error; // ioredis goes on when SELECT has failed: in another database
      await this.#options.check(redis, this.where);
    } catch (error) {
      this.drop(redis, fault ?? error);
    }
    if (redis !== this.#current) return;
    this.#timer();
    this.#timer = undefined;
    this.#since = this.#options.clock.now();
    this.redis = redis;
    this.trouble = undefined;
    this.#options.onTurn();
    this.#tell(true);
  }

  #ended(redis: Redis, fault: () => unknown): Promise<void> {
    return new Promise((resolve) => {
      redis.once('end', () => {
        this.#open.delete(redis);
        this.drop(redis, fault() ?? new Error('the connection was closed'));
        resolve();
      });
    });
  }

  #letGo(): void {
    this.#current = undefined;
    this.redis = undefined;
    this.#timer?.();
    this.#timer = undefined;
  }

  #retry(why: unknown): void {
    if (this.#closed) return;
    this.trouble = refusalOf(why, this.where);
    const pause = Math.min(shortestPause * 2 ** this.#failures++, longestPause);
    this.#timer = this.#options.clock.after(
      this.trouble.cure === 'nothing' ? deniedPause : pause,
      () => void this.#connect(),
    );
    this.#options.onTurn();
  }

  #tell(up: boolean): void {
    const at = this.#options.clock.now();
    for (const listener of this.#listeners) listener(up, at);
  }
}

/** ioredis sets a timer for what has ended already, too. */
function end(redis: Redis): void {
  if (redis.status !== 'end') redis.disconnect();
}
