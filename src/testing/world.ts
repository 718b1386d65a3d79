import { inspect } from 'node:util';
import {
  createApp,
  memoryEngine,
  stepsOf,
  type App,
  type Class,
  type DataOf,
  type Engine,
  type JobOptions,
  type JobRecord,
  type Resolver,
} from '../index.js';
import { JobHandle } from './job-handle.js';
import { Machine, type Around } from './machine.js';
import type { WorldClock } from './world-clock.js';
import { machineEngine, type Caller } from './machine-engine.js';
import { Provided } from './provided.js';
import { loadJob } from './load-job.js';
import type { StoredJob } from './stored-job.js';
import { Trace, type JobLog } from './trace.js';

/** Options of a job in a bed: a job's own, and its name, `job` by default. */
export type AddOptions = JobOptions & { readonly name?: string };

/** What a world is made of. */
export interface WorldOptions {
  readonly processors: readonly Class[];
  readonly resolver?: Resolver | undefined;
  readonly clock: WorldClock;
  /** Whether no promise can resolve: what doesn't happen at once doesn't happen. */
  readonly isVirtual?: boolean;
}

/** What a machine of its own kind differs in. */
export interface MachineOptions {
  readonly processors?: readonly Class[];
  readonly resolver?: Resolver;
  readonly around?: Around;
  /** Stands between the machine and the store. */
  readonly through?: (engine: Engine) => Engine;
  /** Called before it starts. */
  readonly listen?: (app: App) => void;
}

/** A store in virtual time, the machines that work on it, and the trace of what they do. */
export class World {
  readonly engine: Engine;
  readonly trace: Trace;
  readonly provided: Provided;
  readonly machines: Machine[] = [];
  /** What the machines' loggers were told. */
  readonly warnings: string[] = [];
  readonly #clock: WorldClock;
  readonly #processors: readonly Class[];
  readonly #start: number;
  readonly #client: App;
  readonly #isVirtual: boolean;
  #ids: readonly string[] = [];

  constructor({ processors, resolver, clock, isVirtual = false }: WorldOptions) {
    this.#isVirtual = isVirtual;
    this.#clock = clock;
    this.#processors = processors;
    this.#start = clock.now();
    this.engine = memoryEngine({ clock });
    this.trace = new Trace(
      () => clock.now(),
      () => clock.progressed(),
      (queue) => this.#firstStep(queue),
    );
    this.provided = new Provided(resolver);
    const seen = machineEngine(this.engine, client, this.trace);
    this.#client = createApp({
      connection: { ...seen, add: (jobs) => (this.#ids = seen.add(jobs) as readonly string[]) },
    });
  }

  /** Milliseconds since virtual time began. */
  get elapsed(): number {
    return this.#clock.now() - this.#start;
  }

  /** Adds a job, now. */
  add<P>(processor: Class<P> | string, data?: DataOf<P>, { name = 'job', ...opts }: AddOptions = {}): JobHandle {
    const queue = this.queueName(processor);
    this.#ids = [];
    const adding = this.#client.queue(queue).addBulk([{ name, data, opts }]);
    adding.catch(() => {});
    const [id] = this.#ids;
    if (id === undefined) throw new Error(`the job was not added: ${reasonIn(adding)}`);
    return this.handle(queue, id);
  }

  /** Puts a stored job, and its children, into the store. */
  load(stored: StoredJob): JobHandle {
    loadJob(this.engine, stored);
    this.#noteLoaded(stored);
    return this.handle(stored.queue, stored.id);
  }

  #noteLoaded({ queue, id, checkpoint, children = [] }: StoredJob): void {
    this.trace.loaded(queue, id, checkpoint?.cursor);
    for (const child of children) {
      if (child.job) this.#noteLoaded(child.job);
      else this.trace.loaded(child.queue, child.id, undefined);
    }
  }

  handle(queue: string, id: string): JobHandle {
    const log = this.trace.log(queue, id);
    return new JobHandle(this, queue, () => log);
  }

  /** The job of a queue that was, or will have been, added as number `index`, from 0. */
  nth(processor: Class | string, index: number): JobHandle {
    const queue = this.queueName(processor);
    return new JobHandle(this, queue, () => this.trace.ofQueue(queue)[index]);
  }

  queueName(processor: Class | string): string {
    return typeof processor === 'string' ? processor : this.#client.queue(processor).name;
  }

  #firstStep(queue: string): string | undefined {
    const [processor, another] = this.#processors.filter((each) => this.queueName(each) === queue);
    return processor && !another ? stepsOf(processor)[0]?.name : undefined;
  }

  cancel(job: JobHandle, reason: string): void {
    const view = machineEngine(this.engine, client, this.trace);
    void view.cancel(job.queueName, job.id, reason);
  }

  /** Starts a machine, now. */
  startMachine(name = `machine ${this.machines.length + 1}`, options: MachineOptions = {}): Machine {
    const machine = new Machine({
      name,
      engine: options.through?.(this.engine) ?? this.engine,
      clock: this.#clock,
      trace: this.trace,
      processors: options.processors ?? this.#processors,
      resolver: options.resolver ?? this.provided.resolver(),
      warn: (message) => this.warnings.push(message),
      ...(options.around && { around: options.around }),
      ...(options.listen && { listen: options.listen }),
    });
    if (this.#isVirtual) machine.requireStarted();
    this.machines.push(machine);
    return machine;
  }

  /** Jobs that a machine holds which is still there: nothing that the clock knows of will let them go on. */
  stuck(): readonly JobLog[] {
    const lost = new Set(this.machines.filter((machine) => machine.lost).map(({ name }) => name));
    return this.trace.logs.filter(({ queue, id, holder }) => {
      if (holder === undefined || lost.has(holder)) return false;
      return (this.engine.get(queue, id) as JobRecord | undefined)?.state === 'active';
    });
  }

  /** No machine does anything from now on, and nothing that is still under way reaches the store. */
  end(): void {
    for (const machine of this.machines) machine.lose();
  }
}

/** Who adds jobs and cancels them. */
const client: Caller = { name: 'client', dead: false, leased: () => {}, looked: () => {} };

/** Why a promise was rejected: virtual time has no room to wait for it, but Node shows what is in it. */
function reasonIn(rejected: Promise<unknown>): string {
  return inspect(rejected)
    .replace(/^[^]*?<rejected> /, '')
    .replace(/\n {4,}at [^]*$/, '');
}
