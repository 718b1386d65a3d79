import { whenReady } from '../engine/awaitable.js';
import { steadyTime, type Cancel } from '../engine/clock.js';
import type { Engine } from '../engine/engine.js';
import type { LiveActivation } from './live-activation.js';

/** Part of a lease that is not relied on: clocks differ, and a write takes its time. */
const safetyMargin = 0.1;
/** A lease of 10 s is renewed every 3 s. */
const renewals = 0.3;

/** Renews the leases of a worker, all in one call, and stops the activations that have lost theirs (W2). */
export class LeaseKeeper {
  readonly #engine: Engine;
  readonly #lockDuration: number;
  readonly #report: (error: unknown) => void;
  readonly #kept = new Set<LiveActivation>();
  #timer: Cancel | undefined;

  /** @param lockDuration milliseconds */
  constructor(engine: Engine, lockDuration: number, report: (error: unknown) => void) {
    this.#engine = engine;
    this.#lockDuration = lockDuration;
    this.#report = report;
  }

  /** Until when a lease is relied on that is asked for now, in steady time. */
  trustedUntil(): number {
    return steadyTime(this.#engine.clock) + this.#lockDuration * (1 - safetyMargin);
  }

  keep(activation: LiveActivation): void {
    this.#kept.add(activation);
    this.#arm();
  }

  drop(activation: LiveActivation): void {
    this.#kept.delete(activation);
  }

  stop(): void {
    this.#timer?.();
    this.#timer = undefined;
  }

  #arm(): void {
    this.#timer ??= this.#engine.clock.after(this.#lockDuration * renewals, () => {
      this.#timer = undefined;
      this.#stopDistrusted();
      if (this.#kept.size > 0) this.#renew();
    });
  }

  #renew(): void {
    const renewed = [...this.#kept];
    const trustedUntil = this.trustedUntil();
    this.#arm(); // whether this one is answered or not
    whenReady(
      () =>
        this.#engine.renew(
          renewed.map(({ lease }) => lease),
          this.#lockDuration,
        ),
      (lost) => {
        const lostTokens = new Set(lost.map(({ token }) => token));
        for (const activation of renewed) {
          // the lease of one that leaves is ended by its last write, whose answer may be still to be heard
          if (lostTokens.has(activation.lease.token)) {
            if (!activation.leaving) activation.stop('lost');
          } else activation.trust(trustedUntil);
        }
      },
      this.#report,
    );
  }

  /** A worker that can't reach the store stops by itself what it may have lost. */
  #stopDistrusted(): void {
    for (const activation of this.#kept) if (!activation.trusted()) activation.stop('lost');
  }
}
