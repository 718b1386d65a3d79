import { whenReady } from '../engine/awaitable.js';
import { steadyTime, type Cancel } from '../engine/clock.js';
import type { Engine } from '../engine/engine.js';
import type { LiveActivation } from './live-activation.js';

/** Part of a lease that is not relied on: clocks differ, and a write takes its time. */
const safetyMargin = 0.1;
export interface LeaseKeeperOptions {
  /** Milliseconds. */
  readonly lockDuration: number;
  /** Milliseconds between two renewals. */
  readonly renewAfter: number;
  renewed(jobIds: readonly string[]): void;
  report(error: unknown): void;
}

/** Renews the leases of a worker, all in one call, and stops the activations that have lost theirs (W2). */
export class LeaseKeeper {
  readonly #engine: Engine;
  readonly #options: LeaseKeeperOptions;
  readonly #kept = new Set<LiveActivation>();
  #timer: Cancel | undefined;

  constructor(engine: Engine, options: LeaseKeeperOptions) {
    this.#engine = engine;
    this.#options = options;
  }

  /** Until when a lease is relied on that is asked for now, in steady time. */
  trustedUntil(): number {
    return steadyTime(this.#engine.clock) + this.#options.lockDuration * (1 - safetyMargin);
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
    this.#timer ??= this.#engine.clock.after(this.#options.renewAfter, () => {
      this.#timer = undefined;
      this.#stopDistrusted();
      if (this.#kept.size > 0) this.#renew();
    });
  }

  #renew(): void {
    const renewed = [...this.#kept];
    for (const activation of renewed) activation.renewing(this.#options.lockDuration);
    const trustedUntil = this.trustedUntil();
    this.#arm(); // whether this one is answered or not
    whenReady(
      () =>
        this.#engine.renew(
          renewed.map(({ lease }) => lease),
          this.#options.lockDuration,
        ),
      (lost) => {
        const lostTokens = new Set(lost.map(({ token }) => token));
        for (const activation of renewed) {
          // the lease of one that leaves is ended by its last write, whose answer may be still to be heard
          if (lostTokens.has(activation.lease.token)) {
            if (!activation.leaving) activation.stop('lost');
          } else activation.trust(trustedUntil);
        }
        this.#options.renewed(renewed.filter(({ lease }) => !lostTokens.has(lease.token)).map(({ job }) => job.id));
      },
      this.#options.report,
    );
  }

  /** A worker that can't reach the store stops by itself what it may have lost. */
  #stopDistrusted(): void {
    for (const activation of this.#kept) if (!activation.trusted()) activation.stop('lost');
  }
}
