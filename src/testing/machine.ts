import { createApp, type App, type Class, type Clock, type Engine, type Lease, type Resolver } from '../index.js';
import { MachineClock } from './machine-clock.js';
import { machineEngine, type Caller, type WriteName } from './machine-engine.js';
import type { Trace } from './trace.js';

/** What a machine is made of. */
export interface MachineParts {
  readonly name: string;
  readonly engine: Engine;
  readonly clock: Clock;
  readonly trace: Trace;
  readonly processors: readonly Class[];
  readonly resolver: Resolver;
  readonly warn: (message: string) => void;
  readonly leased: (duration: number) => void;
  readonly around?: (when: 'before' | 'after', write: WriteName, lease: Lease) => void;
  readonly listen?: (app: App) => void;
}

/**
 * A machine that runs a bed's processors, with instances and workers of its own.
 *
 * @example
 * ```ts
 * const first = machine();
 * machine('spare');
 * at('1h', () => first.lose());   // the spare takes over when the lease has run out
 * ```
 */
export class Machine {
  readonly name: string;
  readonly app: App;
  /** Resolves when its workers run; in virtual time they do at once. */
  readonly started: Promise<void>;
  readonly #processors: readonly Class[];
  readonly #clock: MachineClock;
  #dead = false;

  constructor({ name, engine, clock, trace, processors, resolver, warn, leased, around, listen }: MachineParts) {
    this.name = name;
    this.#processors = processors;
    this.#clock = new MachineClock(clock);
    const isDead = (): boolean => this.#dead;
    const caller: Caller = {
      name,
      leased,
      ...(around && { around }),
      get dead() {
        return isDead();
      },
    };
    const tell = (message: string): void => {
      if (!this.#dead) warn(message);
    };
    this.app = createApp({
      processors,
      connection: { ...machineEngine(engine, caller, trace), clock: this.#clock },
      resolver,
      logger: { warn: tell, error: tell },
    });
    listen?.(this.app);
    this.started = this.app.start();
    this.started.catch(() => {}); // whoever awaits it hears of it
  }

  get lost(): boolean {
    return this.#dead;
  }

  /**
   * The machine is gone in this moment: nothing of what it does reaches the store any more, its streams are unsubscribed,
   * its timers taken back. Another machine takes its jobs over when their leases have run out.
   */
  lose(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#clock.end(() => {
      for (const processor of this.#processors) void this.app.worker(processor).close({ grace: 0 });
    });
  }

  /** Closes its app: jobs go on to their next durable write, within the grace, and are put back. */
  async stop(options: { readonly grace?: number | string } = {}): Promise<void> {
    await this.app.close(options);
  }
}
