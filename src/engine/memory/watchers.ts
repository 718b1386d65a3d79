import type { Cancel, Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { Outbox } from './outbox.js';

/** Since when somebody watches, in milliseconds of the engine's clock. */
interface Watcher {
  readonly id: number;
  readonly since: number;
}

/** Those who watch one queue, and the timer that wakes them when time alone gives them something to claim. */
export class Watchers {
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  /** When a claim may find more than now, though nobody does anything. */
  readonly #nextTime: () => number | undefined;
  readonly #watchers = new Map<() => void, Watcher>();
  #added = 0;
  #waking = false;
  #alarm: { readonly at: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, outbox: Outbox, nextTime: () => number | undefined) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.#nextTime = nextTime;
  }

  list(): readonly Watcher[] {
    return [...this.#watchers.values()];
  }

  add(wake: () => void): Unsubscribe {
    const watcher = (): void => this.#outbox.call(wake);
    this.#watchers.set(watcher, { id: ++this.#added, since: this.#clock.now() });
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
      for (const watcher of this.#watchers.keys()) watcher();
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
