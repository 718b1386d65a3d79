import { asyncScheduler } from 'rxjs';
import type { RunHelpers as RxRunHelpers } from 'rxjs/testing';
import { perJob, PerJob, type Class, type Resolver } from '../index.js';
import { Effects } from './effects.js';
import { holdSteps, inPlace } from './in-place.js';
import type { JobHandle } from './job-handle.js';
import { timeOf, translateMarbles } from './marble-time.js';
import { endlessError, stuckError } from './stuck.js';
import type { TraceEvent } from './trace.js';
import { VirtualClock, VirtualScheduler } from './virtual-scheduler.js';
import { World, type AddOptions } from './world.js';

/** What the world of a {@link crashMatrix} is made with, anew for each plan. */
export interface CrashWorld extends Pick<Effects, 'effect' | 'spy'> {
  /** RxJS' `cold`, with longer times. */
  readonly cold: RxRunHelpers['cold'];
  readonly hot: RxRunHelpers['hot'];
  /** Passes a value in wherever its token is injected. */
  provide(token: unknown, value: unknown): void;
  /** Likewise, made anew for each machine; a processor must be passed in this way, for its instances to be fresh. */
  provideNew(token: unknown, make: () => unknown): void;
  /** Calls an action at a time since the beginning: `'5d'`. */
  at(when: string, action: () => void): void;
  /** The job. */
  readonly job: JobHandle;
}

/** What is played: how the machine is lost, if at all, and what takes over. */
export interface Plan {
  /** At write number so many, from 1; `every`: after each. */
  readonly lostAt?: number | 'every';
  readonly when?: 'before' | 'after';
  /** Milliseconds until the next machine starts. */
  readonly takeOver?: number;
  /** All machines work with the first one's instances. */
  readonly shared?: boolean;
  /** Gates pass in place. */
  readonly inPlace?: boolean;
}

export interface Scene {
  readonly processor: Class;
  readonly data: unknown;
  readonly others: readonly Class[];
  readonly resolver: Resolver | undefined;
  readonly options: AddOptions | undefined;
  readonly world: (world: CrashWorld) => void;
}

/** How a plan went. */
export interface Played {
  readonly queue: string;
  readonly state: string;
  /** Its result, or why it failed. */
  readonly outcome: unknown;
  readonly effects: ReadonlyMap<string, readonly (string | undefined)[]>;
  /** What was written, in order; only of a plan in which no machine is lost. */
  readonly writes: readonly (TraceEvent & { readonly queue: string })[];
}

/** Plays one plan in virtual time, with a store and a world of its own. */
export function playPlan(scene: Scene, plan: Plan = {}): Played {
  let world: World | undefined;
  const cleanUp: (() => void)[] = [];
  const scheduler = new VirtualScheduler(
    () => {},
    0,
    (after) => endlessError(world?.stuck() ?? [], after),
  );
  try {
    return scheduler.run((rx) => {
      const processors = [scene.processor, ...scene.others];
      world = new World({ processors, resolver: scene.resolver, clock: new VirtualClock(scheduler), isVirtual: true });
      world.trace.isBrief = plan.lostAt !== undefined;
      const { options, data } = scene;
      const effects = new Effects();
      const writes: Played['writes'][number][] = [];
      const job = world.add(scene.processor, data, options);
      scene.world(crashWorld(world, rx, effects, job));
      start(world, scene, plan, { writes, cleanUp });
      withoutStacks(rx.flush);
      const stuck = world.stuck();
      if (stuck.length > 0) throw stuckError(stuck, 'nothing is left to happen in virtual time');
      const { state } = job;
      const outcome = state === 'failed' ? job.failedReason : job.result;
      return { queue: job.queueName, state, outcome, effects: effects.byLabel(), writes };
    });
  } finally {
    world?.end();
    for (const each of cleanUp) each();
  }
}

/** Each crash makes errors that nobody sees; the stack is what costs of them. */
function withoutStacks(action: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    action();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

function crashWorld(world: World, rx: RxRunHelpers, { effect, spy }: Effects, job: JobHandle): CrashWorld {
  const marbles =
    (make: (marbles: string, values?: never, error?: unknown) => unknown) =>
    (text: string, values?: never, error?: unknown) =>
      make(translateMarbles(text, values), values, error);
  return {
    effect,
    spy,
    job,
    cold: marbles(rx.cold) as RxRunHelpers['cold'],
    hot: marbles(rx.hot) as RxRunHelpers['hot'],
    provide: (token, value) => world.provided.value(token, value),
    provideNew: (token, make) => world.provided.made(token, make),
    at: (when, action) => void asyncScheduler.schedule(action, timeOf(when)),
  };
}

interface Notes {
  readonly writes: Played['writes'][number][];
  readonly cleanUp: (() => void)[];
}

/** Starts the first machine, which is lost as planned, and others after it. */
function start(world: World, scene: Scene, plan: Plan, { writes, cleanUp }: Notes): void {
  const { provided, trace } = world;
  if (plan.inPlace) {
    const held = inPlace(scene.processor, world.queueName(scene.processor));
    const get = (token: Class): unknown => {
      if (token !== held) return resolve(provided.resolver(), token);
      const made = resolve(provided.resolver(), scene.processor) as object;
      const hold = (instance: object): void => void cleanUp.push(holdSteps(scene.processor, instance));
      if (made instanceof PerJob) return heldPerJob(made, hold);
      hold(made);
      return made;
    };
    world.startMachine('in place', { processors: [held, ...scene.others], resolver: { get } });
    return;
  }
  const resolver = plan.shared ? sharing(provided.resolver()) : undefined;
  let number = 0;
  const startOne = (lostAt: Plan['lostAt']): void => {
    world.startMachine(undefined, {
      ...(resolver && { resolver }),
      around: (when, machine) => {
        if (when === 'before') number++;
        else if (!trace.isBrief) writes.push(trace.all.at(-1)!);
        if (when !== plan.when || (lostAt !== 'every' && number !== lostAt)) return;
        machine.lose();
        asyncScheduler.schedule(() => startOne(lostAt === 'every' ? lostAt : undefined), plan.takeOver);
      },
    });
  };
  startOne(plan.lostAt);
}

function heldPerJob(made: PerJob, hold: (instance: object) => void): PerJob {
  return perJob((job) => {
    const opened = made.open(job);
    if ('instance' in opened && typeof opened.instance === 'object' && opened.instance) hold(opened.instance);
    return opened;
  });
}

/** Hands the same instances out again. */
function sharing(resolver: Resolver): Resolver {
  const instances = new Map<Class, unknown>();
  const get = (token: Class): unknown => {
    if (!instances.has(token)) instances.set(token, resolve(resolver, token));
    return instances.get(token);
  };
  return { get };
}

function resolve(resolver: Resolver, token: Class): unknown {
  return 'get' in resolver ? resolver.get(token) : resolver.resolve(token);
}
