import { createApp, type App, type Class, type Engine, type Resolver } from '../index.js';
import { MachineClock } from './machine-clock.js';
import { machineEngine, type Caller } from './machine-engine.js';
import type { Trace } from './trace.js';
import type { WorldClock } from './world-clock.js';

/** Called around each write of a machine, the first of which come before its constructor has returned. */
export type Around = (when: 'before' | 'after', machine: Machine) => void;

/** What a machine is made of. */
export interface MachineParts {
  readonly name: string;
  readonly engine: Engine;
  readonly clock: WorldClock;
  readonly trace: Trace;
  readonly processors: readonly Class[];
  readonly resolver: Resolver;
  readonly warn: (message: string) => void;
  readonly around?: Around;
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
  readonly #resolver: Resolver;
  readonly #clock: MachineClock;
  #dead = false;
  #watches = false;

  constructor({ name, engine, clock, trace, processors, resolver, warn, around, listen }: MachineParts) {
    this.name = name;
    this.#processors = processors;
    this.#resolver = resolver;
    this.#clock = new MachineClock(clock);
    const isDead = (): boolean => this.#dead;
    const caller: Caller = {
      name,
      leased: (duration) => this.#clock.leased(duration),
      looked: () => this.#clock.looked(),
      ...(around && { around: (when) => around(when, this) }),
      get dead() {
        return isDead();
      },
    };
    const tell = (message: string): void => {
      if (!this.#dead) warn(message);
    };
    const seen = machineEngine(engine, caller, trace);
    const watch: Engine['watch'] = (queue, wake) => {
      this.#watches = true;
      return seen.watch(queue, wake);
    };
    this.app = createApp({
      processors,
      connection: { ...seen, watch, clock: this.#clock },
      resolver,
      logger: { warn: tell, error: tell },
    });
    listen?.(this.app);
    this.started = this.app.start();
    this.started.catch(() => {}); // whoever awaits it hears of it
  }

  /** @throws Error when its workers don't run yet: virtual time can't wait for what its container answers later */
  requireStarted(): void {
    if (this.#watches || this.#processors.length === 0) return;
    for (const processor of this.#processors) {
      const { name } = processor;
      let made: unknown;
      try {
        made = 'get' in this.#resolver ? this.#resolver.get(processor) : this.#resolver.resolve(processor);
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause);
        throw new Error(
          `${name} could not be made: ${reason}\nPass in what it needs, provide(Service, fake), or itself: provide(${name}, new ${name}(…)).`,
          { cause },
        );
      }
      if (typeof (made as { then?: unknown } | undefined)?.then === 'function') {
        throw new Error(
          `the container answers with a promise when it makes ${name}: pass it in, provide(${name}, new ${name}(…))`,
        );
      }
    }
    throw new Error('the machine did not start: what its container made is no instance of the processor');
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
