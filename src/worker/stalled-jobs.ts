import { whenReady, type Awaitable } from '../engine/awaitable.js';
import type { Cancel, Clock } from '../engine/clock.js';
import type { Recovery } from '../engine/engine.js';

/** What to do, and whom to tell. */
interface StalledJobsHost {
  readonly clock: Clock;
  /** Milliseconds between two looks. */
  readonly interval: number;
  recover(): Awaitable<Recovery>;
  recovered(jobId: string, to: 'waiting' | 'failed'): void;
  report(error: unknown): void;
}

/** Looks for jobs whose worker has died, again and again as long as there may be some (W3). */
export class StalledJobs {
  readonly #host: StalledJobsHost;
  #timer: Cancel | undefined;
  #looking = false;
  #stopped = false;

  constructor(host: StalledJobsHost) {
    this.#host = host;
  }

  /** Looks now, unless that is planned: somebody may have taken a job that this worker was woken for. */
  look(): void {
    if (this.#timer || this.#looking || this.#stopped) return;
    this.#looking = true;
    whenReady(
      () => this.#host.recover(),
      ({ recovered, mayStall, again = Infinity }) => {
        this.#looking = false;
        if (mayStall) this.#lookLater(Math.min(again, this.#host.interval));
        for (const { jobId, to } of recovered) this.#host.recovered(jobId, to);
      },
      (error) => {
        this.#looking = false;
        if (this.#stopped) return; // it was cut off when the app closed
        this.#lookLater(this.#host.interval);
        this.#host.report(error);
      },
    );
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.();
    this.#timer = undefined;
  }

  #lookLater(ms: number): void {
    if (this.#stopped) return;
    this.#timer ??= this.#host.clock.after(ms, () => {
      this.#timer = undefined;
      this.look();
    });
  }
}
