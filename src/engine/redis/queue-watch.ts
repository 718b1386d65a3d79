import { ClosedError } from '../../errors.js';
import { steadyTime, type Cancel, type Clock } from '../clock.js';
import type { Dedicated } from './link.js';

/** Milliseconds that one call waits for the marker: a connection that is dead without a word is noticed by it. */
const markerTime = 30_000;

/** Milliseconds without a connection after which others may soon take this process for dead (W3). */
const goneAfter = 2_000;

export interface Watcher {
  /** Called when a claim may find a job; answers `false` when it has no room for one. */
  wake(): unknown;
  /** Called when the process may be taken for dead. */
  readonly gone?: (() => void) | undefined;
}

export interface WatchHost {
  readonly clock: Clock;
  /** The key of the queue's marker. */
  readonly marker: string;
  open(): Dedicated;
  /** Whether a claim would find a job now, and in how many milliseconds the next is due. */
  look(): Promise<{ readonly ready: boolean; readonly again: number | undefined }>;
  putMarkerBack(): void;
  /** The connection is there again. */
  back(): void;
}

/**
 * Wakes those who watch a queue. Redis tells by the queue's marker, which one of all processes gets; when jobs are due is
 * known from the marker and from every claim, and waited for with a timer of one's own: nothing asks again and again.
 */
export class QueueWatch {
  readonly #host: WatchHost;
  readonly #watchers = new Set<Watcher>();
  readonly #connection: Dedicated;
  #alarm: { readonly at: number; readonly cancel: Cancel } | undefined;
  /** Nobody had room: others get the marker until somebody has claimed and found too little. */
  #full = false;
  #waiting = false;
  #goneTimer: Cancel | undefined;
  readonly #awaiting: (() => void)[] = [];
  #closed = false;

  constructor(host: WatchHost) {
    this.#host = host;
    this.#connection = host.open();
    this.#connection.onChange((up) => this.#connected(up));
  }

  get clientId(): number | undefined {
    return this.#connection.clientId;
  }

  get watched(): boolean {
    return this.#watchers.size > 0;
  }

  /** @returns takes it back */
  add({ wake, gone }: Watcher): () => void {
    const watcher = { wake, gone };
    this.#watchers.add(watcher);
    void this.#await();
    this.#host.look().then(
      ({ ready, again }) => {
        this.dueIn(again);
        if (ready && this.#watchers.has(watcher)) this.#wake(watcher);
      },
      () => {}, // the worker claims by itself, and is told then what is wrong
    );
    return () => {
      this.#watchers.delete(watcher);
    };
  }

  /** Resolves when jobs can be taken under this connection's name: at once, as a rule; then, too, when it is closed. */
  up(): Promise<void> | undefined {
    if (this.clientId !== undefined || this.#closed) return undefined;
    return new Promise((resolve) => this.#awaiting.push(resolve));
  }

  /** A claim has been answered. */
  claimed(emptied: boolean, again: number | undefined): void {
    this.dueIn(again);
    if (!emptied || !this.#full) return;
    this.#full = false;
    void this.#await();
  }

  /** Wakes all in so many milliseconds, unless that is planned for earlier. */
  dueIn(ms: number | undefined): void {
    if (ms === undefined || this.#closed) return;
    const at = steadyTime(this.#host.clock) + ms;
    if (this.#alarm && this.#alarm.at <= at) return;
    this.#alarm?.cancel();
    const cancel = this.#host.clock.after(ms, () => {
      this.#alarm = undefined;
      this.wake();
    });
    this.#alarm = { at, cancel };
  }

  /** Wakes all; when none has room, somebody else is to be woken. */
  wake(): void {
    if (this.#closed) return;
    let taken = false;
    for (const watcher of this.#watchers) taken = this.#wake(watcher) || taken;
    if (taken) return;
    this.#full = true;
    this.#host.putMarkerBack();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watchers.clear();
    this.#alarm?.cancel();
    this.#goneTimer?.();
    this.#release();
    await this.#connection.close();
  }

  #connected(up: boolean): void {
    this.#goneTimer?.();
    this.#goneTimer = undefined;
    if (this.#closed) return;
    if (up) {
      this.#host.back();
      this.#release();
    } else {
      this.#goneTimer = this.#host.clock.after(goneAfter, () => {
        for (const { gone } of this.#watchers) gone?.();
      });
    }
  }

  /** One call at a time, as long as somebody watches and has room. */
  async #await(): Promise<void> {
    if (this.#waiting) return;
    this.#waiting = true;
    while (this.watched && !this.#full && !this.#closed) {
      const answer = (await this.#connection
        .block('BZPOPMIN', [this.#host.marker, markerTime / 1_000])
        .catch((error: unknown) => {
          if (error instanceof ClosedError) this.#closed = true; // by others: to call again would never end
          return null;
        })) as readonly [key: string, member: string, score: string] | null;
      if (!answer) continue;
      if (this.#closed) {
        this.#host.putMarkerBack();
        break;
      }
      const due = Number(answer[2]);
      if (answer[1] === '1' && due > 0) this.dueIn(Math.max(due - this.#host.clock.now(), 0));
      else this.wake();
    }
    this.#waiting = false;
  }

  #release(): void {
    for (const resolve of this.#awaiting.splice(0)) resolve();
  }

  /** Whether it has room. What it throws surfaces in a turn of its own. */
  #wake(watcher: Watcher): boolean {
    try {
      return watcher.wake() !== false;
    } catch (error) {
      this.#host.clock.after(0, () => {
        throw error;
      });
      return true;
    }
  }
}
