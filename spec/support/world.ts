import { setImmediate } from 'node:timers/promises';
import { Observable } from 'rxjs';
import {
  createApp,
  memoryEngine,
  type App,
  type AppOptions,
  type Class,
  type Engine,
  type Job,
  type JobOptions,
} from 'stepstream';
import type { JobRecord } from '../../src/engine/records.js';
import { ManualClock } from './manual-clock.js';
import { SpyEngine, type Call } from './spy-engine.js';

/** An app on a machine of its own; several share a store. */
export interface Machine {
  readonly app: App;
  readonly spy: SpyEngine;
  readonly calls: readonly Call[];
  /** What the logger was told. */
  readonly logged: readonly string[];
  /** Adds a job to the first processor's queue, from a machine of its own that lives on. */
  add(data?: unknown, opts?: JobOptions, name?: string): Promise<Job>;
}

export type MachineOptions = Partial<AppOptions> & {
  /** Called before the app is made: to stand between it and the store. */
  readonly prepare?: (spy: SpyEngine) => void;
  /** Called before the app is started: to listen to its workers. */
  readonly listen?: (app: App) => void;
};

/** A store with a clock that stands until the test moves it, and the machines that work on it. */
export class World {
  readonly clock = new ManualClock();
  readonly engine: Engine = memoryEngine({ clock: this.clock });
  /** An app that only adds jobs and looks at them. */
  readonly client: App = createApp({ connection: this.engine });

  /** Starts a machine. */
  async machine(processors: readonly Class[], { prepare, listen, ...options }: MachineOptions = {}): Promise<Machine> {
    const spy = new SpyEngine(this.engine);
    prepare?.(spy);
    const logged: string[] = [];
    const note = (message: string): void => void logged.push(message);
    const app = createApp({ processors, connection: spy.engine, logger: { warn: note, error: note }, ...options });
    listen?.(app);
    await app.start();
    const add: Machine['add'] = (data, opts, name = 'job') => this.client.queue(processors[0]!).add(name, data, opts);
    return { app, spy, calls: spy.calls, logged, add };
  }

  /** Lets everything happen that happens at this moment. */
  async settle(): Promise<void> {
    do await setImmediate();
    while (this.clock.tick());
  }

  /** Lets time pass, and everything happen at its moment. */
  async pass(ms: number): Promise<void> {
    const end = this.clock.now() + ms;
    await this.settle();
    for (let due = this.clock.nextDue; due !== undefined && due <= end; due = this.clock.nextDue) {
      this.clock.advance(due - this.clock.now());
      await this.settle();
    }
    this.clock.advance(end - this.clock.now());
  }

  /** Lets as much time pass as it takes. */
  async until<T>(awaited: Promise<T>): Promise<T> {
    const outcome = awaited.then(
      () => true,
      () => true,
    );
    for (let moments = 0; moments < 10_000; moments++) {
      await this.settle();
      if (await Promise.race([outcome, Promise.resolve(false)])) return awaited;
      const due = this.clock.nextDue;
      if (due === undefined) throw new Error('what is awaited will never come: nothing is going on');
      this.clock.advance(due - this.clock.now());
    }
    throw new Error('what is awaited has not come in 10,000 moments');
  }

  /** Resolves as soon as the condition holds; `until` lets the time pass. */
  async when(condition: () => boolean): Promise<void> {
    for (let moments = 0; moments < 10_000; moments++) {
      await this.settle();
      if (condition()) return;
      const due = this.clock.nextDue;
      if (due === undefined) throw new Error('the condition will never hold: nothing is going on');
      this.clock.advance(due - this.clock.now());
    }
    throw new Error('the condition has not held in 10,000 moments');
  }

  /** Emits once, `ms` from its subscription on. */
  timer(ms: number): Observable<0> {
    return new Observable((subscriber) =>
      this.clock.after(ms, () => {
        subscriber.next(0);
        subscriber.complete();
      }),
    );
  }

  /** The job as it stands. */
  get({ queueName, id }: Job): JobRecord {
    return this.engine.get(queueName, id) as JobRecord;
  }
}

/** A world with one machine. */
export async function start(processors: readonly Class[], options?: MachineOptions): Promise<World & Machine> {
  const world = new World();
  return Object.assign(world, await world.machine(processors, options));
}
