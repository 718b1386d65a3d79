import type { Cancel, Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { Outbox } from './outbox.js';

/** Those who watch one queue, and the timer that wakes them when time alone gives them something to claim. */
export class Watchers {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  /** When a claim may find more than now, though nobody does anything. */
  readonly #nextTime: () => number | undefined;
  readonly #watchers = new Set<() => void>();
  #waking = false;
  #alarm: { readonly at: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, outbox: Outbox, nextTime: () => number | undefined) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.#nextTime = nextTime;
  }

  get size(): number {
    return this.#watchers.size;
  }

  add(wake: () => void): Unsubscribe {
    const watcher = (): void => this.#outbox.call(wake);
    this.#watchers.add(watcher);
    this.arm();
    return () => {
      this.#watchers.delete(watcher);
      this.arm();
    };
  }

  wake(): void {
    if (this.#waking || this.#watchers.size === 0) return;
    this.#waking = true;
    this.#outbox.post(() => {
      this.#waking = false;
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** One timer per queue, and only while somebody watches. To be called when the next time may be another. */
  arm(): void {
    const at = this.#watchers.size === 0 ? undefined : this.#nextTime();
    if (at === this.#alarm?.at) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    if (at === undefined) return;
    const cancel = this.#clock.after(Math.max(at - this.#clock.now(), 0), () => {
      this.#alarm = undefined;
      this.wake();
    });
    this.#alarm = { at, cancel };
  }

  close(): void {
    this.#watchers.clear();
    this.arm();
  }
}
