import fc from 'fast-check';
import type { Waiting } from '../../../src/engine/engine.js';
import type { JobOptions, Lease, NewJob, Write } from '../../../src/engine/records.js';
import type { Call } from './call.js';
import { isFinished, states, unordered, type ModelJob } from './model-job.js';
import { PlannedCall, type Plan } from './planned-call.js';
import type { ModelStore } from './model-store.js';
import { queues } from './picture.js';
import type { World } from './world.js';

// --- what calls are made of ---

const queue = mostly(fc.constant(queues[0]), fc.constant(queues[1]), 0.7);
const group = mostly(fc.constant('A'), fc.constant('B'), 0.7);
const value = fc.constantFrom('1', '2');
const units = fc.constantFrom(1, 2, 4);
const nth = fc.nat(5);

/** Once in so many times; else nothing. */
function rarely<T>(arbitrary: fc.Arbitrary<T>, oneIn = 4): fc.Arbitrary<T | undefined> {
  return mostly(fc.constant(undefined), arbitrary, 1 - 1 / oneIn);
}

/** Mostly `usual`, which is also the simpler. */
function mostly<T, U>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<U>, share = 0.8): fc.Arbitrary<T | U> {
  const [often, rare] = [{ weight: Math.round(100 * share), arbitrary: usual }, { weight: Math.round(100 - 100 * share), arbitrary: other }];
  return fc.oneof({ withCrossShrink: true }, often, rare);
}

type Present<T> = { [K in keyof T]: Exclude<T[K], undefined> };

/** Without what is absent. */
function present<T extends object>(of: T): Partial<Present<T>> {
  return Object.fromEntries(Object.entries(of).filter(([, each]) => each !== undefined)) as Partial<Present<T>>;
}

/** The newest, or another counted from it. */
function newest<T>(list: readonly T[], index: number): T | undefined {
  return list.at(-1 - (index % (list.length || 1)));
}

interface JobSpec {
  readonly queue: string;
  readonly delay: number | undefined;
  readonly opts: JobOptions;
  readonly group: string | undefined;
  readonly onFailure: 'continue' | 'ignore' | 'fail';
}

const jobSpec = (ids: fc.Arbitrary<string>): fc.Arbitrary<JobSpec> => {
  const opts = fc.record({
    jobId: rarely(ids, 2),
    priority: rarely(fc.constantFrom(1, 5), 3),
    lifo: rarely(fc.constant(true)),
    removeOnComplete: rarely(fc.constantFrom(true, 1, { age: 2 })),
    removeOnFail: rarely(fc.constantFrom(true, 1, { age: 2, count: 2 })),
  });
  return fc.record({
    queue,
    delay: rarely(units),
    opts: opts.map(present),
    group: mostly(group, fc.constant(undefined)),
    onFailure: fc.constantFrom('continue', 'ignore', 'fail'),
  });
};
const anyJob = jobSpec(fc.constantFrom('x', 'y', 'z'));
const anyChild = jobSpec(fc.constantFrom('k', 'l', 'x'));

function newJob(world: World, spec: JobSpec, parent: { readonly queue: string; readonly id: string } | undefined): NewJob {
  const link = parent && { queue: parent.queue, id: parent.id, onFailure: spec.onFailure };
  return {
    queue: spec.queue,
    name: 'job',
    data: '{}',
    opts: { ...spec.opts, ...(spec.delay !== undefined && { delay: world.lasting(spec.delay) }) },
    timestamp: world.in(0),
    ...(link && { parent: spec.group === undefined ? link : { ...link, group: spec.group } }),
  };
}

// --- what calls are about ---

const which = fc.record({ nth, isFit: mostly(fc.constant(true), fc.constant(false)) });

/** Calls for one of the jobs that the call is meant for, now and then for any that ever was. */
function forJob<T>(
  arbitrary: fc.Arbitrary<T>,
  fits: (job: ModelJob) => boolean,
  call: (world: World, queue: string, id: string, of: T) => Call,
): fc.Arbitrary<Plan> {
  return fc.tuple(which, arbitrary).map(([{ nth: index, isFit }, of]) => (world) => {
    const fitting = world.model.store.jobs.filter(fits).map((job) => `${job.queue}/${job.id}`);
    const [name, id] = newest(isFit ? fitting : [...world.ids], index)?.split('/') ?? [];
    return name !== undefined && id !== undefined ? call(world, name, id, of) : undefined;
  });
}

/** Calls for one of the queues that the call is meant for, now and then for any. */
function forQueue<T>(
  arbitrary: fc.Arbitrary<T>,
  fits: (store: ModelStore, queue: string) => boolean,
  call: (world: World, queue: string, of: T) => Call,
): fc.Arbitrary<Plan> {
  return fc.tuple(which, arbitrary).map(([{ nth: index, isFit }, of]) => (world) => {
    const { store } = world.model;
    const name = newest(isFit ? queues.filter((each) => fits(store, each)) : queues, index);
    return name && call(world, name, of);
  });
}

// --- writes ---

const content = fc.record({
  seq: mostly(fc.constant('next' as const), fc.constantFrom('skipped' as const, 'stored' as const, 'past' as const), 0.9),
  cursor: mostly(fc.constantFrom<string | undefined>('c', 'd'), fc.constant(undefined), 0.7),
  fields: rarely(fc.dictionary(fc.constantFrom('f', 'g'), fc.option(value, { nil: null }), { maxKeys: 2 })),
  progress: rarely(value),
  children: rarely(fc.array(anyChild, { minLength: 1, maxLength: 3 }), 2),
  detached: mostly(fc.constant(false), fc.constant(true), 0.9),
});
type Content = typeof content extends fc.Arbitrary<infer C> ? C : never;

const lease = fc.record({ nth, kind: mostly(fc.constant('held'), fc.constantFrom('any', 'forged'), 0.85) });

/** Writes under a lease that is mostly held, with a number that is mostly the next. */
function writing<T>(
  arbitrary: fc.Arbitrary<T>,
  call: (world: World, lease: Lease, write: Write, of: T) => Call,
): fc.Arbitrary<Plan> {
  return fc.tuple(lease, content, arbitrary).map(([which, written, of]) => (world) => {
    const { model, leases } = world;
    const given = newest(which.kind === 'held' ? leases.filter((each) => model.holds(each)) : leases, which.nth);
    if (!given) return undefined;
    const used = which.kind === 'forged' ? { ...given, token: 'forged' } : given;
    const write = writeOf(world, used, written);
    return write && call(world, used, write, of);
  });
}

function writeOf(world: World, { queue: name, jobId, token }: Lease, written: Content): Write | undefined {
  const stored = world.model.store.find(name, jobId)?.seq ?? 0;
  const seq = stored + { next: 1, skipped: 2, stored: 0, past: -1 }[written.seq];
  if (world.model.remembers({ queue: name, jobId, token }, seq)) return undefined; // that would be a resend
  const parent = written.detached ? undefined : { queue: name, id: jobId };
  return {
    seq,
    ...present({ cursor: written.cursor, progress: written.progress }),
    ...(written.fields && { fields: new Map(Object.entries(written.fields)) }),
    ...(written.children && { children: written.children.map((spec) => newJob(world, spec, parent)) }),
  };
}

const waiting = fc.record({
  groups: fc.constantFrom(['A'], undefined, ['B', 'A'], ['B'], []),
  failuresSeen: rarely(fc.constantFrom(0, 1, Infinity), 2),
  due: rarely(fc.constantFrom(2, 0)),
});

function waitingOf(world: World, { groups, failuresSeen, due }: typeof waiting extends fc.Arbitrary<infer W> ? W : never): Waiting {
  return {
    ...(groups && { groups }),
    ...(failuresSeen !== undefined && { all: { failuresSeen } }),
    ...(due !== undefined && { due: world.in(due) }),
  };
}

// --- calls, each as often as its weight says ---

const failure = fc.constantFrom(
  { reason: 'broken', code: undefined, stack: 'Error: broken' },
  { reason: 'bad', code: 'BAD', stack: undefined },
);
const isDelayed = ({ state }: ModelJob): boolean => state === 'delayed';
const isUnfinished = (job: ModelJob): boolean => !isFinished(job);
const nothing = fc.constant(undefined);

const plans: readonly (readonly [weight: number, fc.Arbitrary<Plan>])[] = [
  [
    9,
    fc
      .tuple(fc.array(fc.tuple(anyJob, rarely(nth)), { minLength: 1, maxLength: 3 }))
      .map(([jobs]) => (world) => {
        const made = jobs.map(([spec, parent]) =>
          newJob(world, spec, parent === undefined ? undefined : newest(world.model.store.jobs, parent)),
        );
        return { method: 'add', args: [made] };
      }),
  ],
  [
    14,
    forQueue(
      fc.record({ limit: fc.constantFrom(1, 2, 5, 0), lock: fc.constantFrom(8, 4, 2) }),
      (store, name) => store.claimable(name).length > 0,
      (world, name, { limit, lock }) => ({
        method: 'claim',
        args: [name, { limit, lockDuration: world.lasting(lock) }],
      }),
    ),
  ],
  [
    3,
    fc.tuple(fc.uniqueArray(nth, { minLength: 1, maxLength: 3 }), units).map(([which, lock]) => (world) => {
      const leases = which.map((index) => newest(world.leases, index)).filter((each) => each !== undefined);
      return leases.length > 0 ? { method: 'renew', args: [[...new Set(leases)], world.lasting(lock)] } : undefined;
    }),
  ],
  [6, writing(nothing, (_, held, write) => ({ method: 'checkpoint', args: [held, write] }))],
  [
    4,
    writing(fc.constantFrom(2, 4, 0), (world, held, write, due) => ({
      method: 'moveToDelayed',
      args: [held, write, world.in(due)],
    })),
  ],
  [
    8,
    writing(waiting, (world, held, write, what) => ({
      method: 'moveToWaitingChildren',
      args: [held, write, waitingOf(world, what)],
    })),
  ],
  [
    9,
    writing(fc.tuple(rarely(value, 2), fc.constantFrom(0, 1)), (_, held, write, [result, failuresSeen]) => ({
      method: 'complete',
      args: [held, write, result, failuresSeen],
    })),
  ],
  [
    6,
    writing(fc.tuple(failure, rarely(fc.constantFrom(2, 0), 2)), (world, held, write, [why, retryAt]) => ({
      method: 'fail',
      args: retryAt === undefined ? [held, write, why] : [held, write, why, world.in(retryAt)],
    })),
  ],
  [3, writing(nothing, (_, held, write) => ({ method: 'release', args: [held, write] }))],
  [
    5,
    nth.map((index) => (world) => {
      const call = newest(world.writes, index);
      const job = call && world.leased.get((call.args[0] as Lease).token);
      const { jobs = [], notKept = [] } = job ? world.model.store : {};
      // of a job that was removed from outside nothing need be known
      return job && (jobs.includes(job) || notKept.includes(job)) ? call : undefined;
    }),
  ],
  [
    4,
    forQueue(
      fc.constantFrom(1, 0, 2),
      (store, name) => store.in(name, 'active').some(({ lease: held }) => held!.until <= store.now),
      (_, name, maxStalledCount) => ({ method: 'recoverStalled', args: [name, maxStalledCount] }),
    ),
  ],
  [5, fc.constantFrom(1, 2, 4).map((some) => (world) => ({ method: 'advance', args: [world.steps(some)] }))],
  [1, forJob(value, () => true, (_, name, id, row) => ({ method: 'log', args: [name, id, row] }))],
  [4, forJob(nothing, isFinished, (_, name, id) => ({ method: 'retry', args: [name, id] }))],
  [2, forJob(nothing, isDelayed, (_, name, id) => ({ method: 'promote', args: [name, id] }))],
  [2, forJob(units, isDelayed, (world, name, id, due) => ({ method: 'changeDelay', args: [name, id, world.in(due)] }))],
  [1, forJob(rarely(value, 2), () => true, (_, name, id, data) => ({ method: 'updateData', args: [name, id, data] }))],
  [2, forJob(nothing, isUnfinished, (_, name, id) => ({ method: 'cancel', args: [name, id, 'enough'] }))],
  [2, forJob(nothing, ({ state }) => state !== 'active', (_, name, id) => ({ method: 'remove', args: [name, id] }))],
  [1, forQueue(nothing, () => true, (_, name) => ({ method: 'pause', args: [name] }))],
  [2, forQueue(nothing, ({ paused }, name) => paused.has(name), (_, name) => ({ method: 'resume', args: [name] }))],
  [
    2,
    forQueue(
      fc.record({ state: fc.constantFrom('completed', 'failed'), age: fc.constantFrom(0, 2), limit: fc.constantFrom(9, 1, 0) }),
      (store, name) => store.in(name, 'completed', 'failed').length > 0,
      (world, name, { state, age, limit }) => ({ method: 'clean', args: [name, state, world.lasting(age), limit] }),
    ),
  ],
  [
    1,
    forQueue(
      fc.record({ state: fc.constantFrom(...states), start: fc.constantFrom(0, 1), end: fc.constantFrom(0, 1, -2) }),
      () => true,
      (_, name, { state, start, end }) => ({ method: 'list', args: [name, unordered.has(state) ? 'waiting' : state, start, end] }),
    ),
  ],
  [1, forJob(group, ({ children }) => children.length > 0, (_, name, id, one) => ({ method: 'children', args: [name, id, one] }))],
];

/** Where there is nothing to call something for: what makes that there soon is. */
const instead: Plan = (world) => {
  const name = queues.find((each) => world.model.store.claimable(each).length > 0);
  if (name) return { method: 'claim', args: [name, { limit: 2, lockDuration: world.lasting(8) }] };
  return { method: 'add', args: [[{ queue: queues[0], name: 'job', data: '{}', opts: {}, timestamp: world.in(0) }]] };
};

/** Any call of the port in any order, at times a stale, forged, doubled or pointless one. */
export const anyCall: fc.Arbitrary<PlannedCall> = fc
  .oneof(...plans.map(([weight, arbitrary]) => ({ weight, arbitrary })))
  .map((plan) => new PlannedCall((world) => plan(world) ?? instead(world)));
