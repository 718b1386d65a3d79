import * as fc from 'fast-check';
import { group, job, mostly, newJob, newest, nothing, nth, rarely, text, units } from './arbitraries.js';
import type { Call } from './call.js';
import { isFinished, states, unordered, type ModelJob } from './model-job.js';
import type { ModelStore } from './model-store.js';
import { queues } from './picture.js';
import { PlannedCall, type Plan } from './planned-call.js';
import type { World } from './world.js';
import * as writes from './writes.js';

const which = fc.record({ nth, isFit: mostly(fc.constant(true), fc.constant(false)) });

/** Calls for one of the jobs that the call is meant for, now and then for any that ever was. */
function forJob<T>(
  arbitrary: fc.Arbitrary<T>,
  fits: (job: ModelJob) => boolean,
  call: (queue: string, id: string, of: T, world: World) => Call,
): fc.Arbitrary<Plan> {
  return fc.tuple(which, arbitrary).map(([{ nth: index, isFit }, of]) => (world) => {
    const fitting = world.model.store.jobs.filter(fits).map(({ queue, id }) => `${queue}/${id}`);
    const [queue, id] = newest(isFit ? fitting : [...world.ids], index)?.split('/') ?? [];
    return queue !== undefined && id !== undefined ? call(queue, id, of, world) : undefined;
  });
}

/** Calls for one of the queues that the call is meant for, now and then for any. */
function forQueue<T>(
  arbitrary: fc.Arbitrary<T>,
  fits: (store: ModelStore, queue: string) => boolean,
  call: (queue: string, of: T, world: World) => Call,
): fc.Arbitrary<Plan> {
  return fc.tuple(which, arbitrary).map(([{ nth: index, isFit }, of]) => (world) => {
    const queue = newest(isFit ? queues.filter((each) => fits(world.model.store, each)) : queues, index);
    return queue && call(queue, of, world);
  });
}

const any = (): boolean => true;
const isDelayed = ({ state }: ModelJob): boolean => state === 'delayed';
const isUnfinished = (each: ModelJob): boolean => !isFinished(each);
const isParent = ({ children }: ModelJob): boolean => children.length > 0;
const isBusyParent = (each: ModelJob): boolean => isParent(each) && isUnfinished(each);

// --- produce and consume ---

const added = fc.tuple(job, rarely(nth));
const add: fc.Arbitrary<Plan> = mostly(
  fc.array(added, { minLength: 1, maxLength: 3 }),
  fc.array(added, { minLength: 6, maxLength: 9 }),
  0.97,
).map((plans) => (world) => {
  const { jobs } = world.model.store;
  const made = plans.map(([plan, parent]) => newJob(world, plan, parent === undefined ? parent : newest(jobs, parent)));
  return { method: 'add', args: [made] };
});

/** One that is gone comes again, as the child that it was or on its own. */
const addAgain: fc.Arbitrary<Plan> = fc.tuple(job, nth, fc.boolean()).map(([plan, index, isChild]) => (world) => {
  const { store } = world.model;
  const gone = [...world.ids].map((key) => key.split('/')).filter(([queue, id]) => !store.find(queue!, id!));
  const [queue, jobId] = newest(gone, index) ?? [];
  if (queue === undefined || jobId === undefined) return undefined;
  const links = store.jobs.flatMap(({ children }) => children);
  const link = links.find(({ child }) => child.queue === queue && child.id === jobId)?.link;
  const again = newJob(world, { ...plan, queue, opts: { ...plan.opts, jobId } });
  return { method: 'add', args: [[isChild && link ? { ...again, parent: link } : again]] };
});

const claim = forQueue(
  fc.record({ limit: fc.constantFrom(1, 2, 5, 0), lock: fc.constantFrom(8, 4, 2, 1) }),
  (store, queue) => store.claimable(queue).length > 0,
  (queue, { limit, lock }, world) => ({ method: 'claim', args: [queue, { limit, lockDuration: world.lasting(lock) }] }),
);

const renew: fc.Arbitrary<Plan> = fc
  .tuple(fc.uniqueArray(nth, { minLength: 1, maxLength: 3 }), units)
  .map(([indexes, lock]) => (world) => {
    const leases = new Set(indexes.map((index) => newest(world.leases, index)).filter((each) => each !== undefined));
    return leases.size > 0 ? { method: 'renew', args: [[...leases], world.lasting(lock)] } : undefined;
  });

const recoverStalled = forQueue(
  mostly(fc.constant(1), fc.constantFrom(0, 2)),
  (store, queue) => store.in(queue, 'active').some(({ lease }) => lease!.until <= store.now),
  (queue, maxStalledCount) => ({ method: 'recoverStalled', args: [queue, maxStalledCount] }),
).map(
  (plan): Plan =>
    (world) =>
      plan(world) ?? untilOneStalls(world),
);

function untilOneStalls(world: World): Call | undefined {
  const { jobs, now } = world.model.store;
  const ends = jobs.map(({ lease }) => lease?.until ?? Infinity).filter((until) => until < Infinity);
  const steps = Math.ceil((Math.min(...ends) - now) / world.steps(1));
  return ends.length > 0 ? { method: 'advance', args: [world.steps(steps)] } : undefined;
}

const advance: fc.Arbitrary<Plan> = fc
  .constantFrom(1, 2, 4)
  .map((steps) => (world) => ({ method: 'advance', args: [world.steps(steps)] }));

// --- administer and look ---

const retry = forJob(nothing, isFinished, (queue, id) => ({ method: 'retry', args: [queue, id] }));

const promote = forJob(nothing, isDelayed, (queue, id) => ({ method: 'promote', args: [queue, id] }));

const changeDelay = forJob(units, isDelayed, (queue, id, due, world) => ({
  method: 'changeDelay',
  args: [queue, id, world.in(due)],
}));

const updateData = forJob(rarely(text, 2), any, (queue, id, data) => ({
  method: 'updateData',
  args: [queue, id, data],
}));

const updateProgress = forJob(text, any, (queue, id, progress) => ({
  method: 'updateProgress',
  args: [queue, id, progress],
}));

const changePriority = forJob(
  fc.record({ priority: fc.constantFrom(0, 1, 5), lifo: fc.boolean() }),
  isUnfinished,
  (queue, id, { priority, lifo }) => ({ method: 'changePriority', args: [queue, id, priority, lifo] }),
);

const cancelOne = (fits: (job: ModelJob) => boolean): fc.Arbitrary<Plan> =>
  forJob(nothing, fits, (queue, id) => ({ method: 'cancel', args: [queue, id, 'enough'] }));

const removeOne = (fits: (job: ModelJob) => boolean): fc.Arbitrary<Plan> =>
  forJob(nothing, fits, (queue, id) => ({ method: 'remove', args: [queue, id] }));

const log = forJob(text, any, (queue, id, row) => ({ method: 'log', args: [queue, id, row] }));

const lookAtChildren = forJob(group, isParent, (queue, id, one) => ({ method: 'children', args: [queue, id, one] }));

const pause = forQueue(nothing, any, (queue) => ({ method: 'pause', args: [queue] }));

const resume = forQueue(
  nothing,
  ({ paused }, queue) => paused.has(queue),
  (queue) => ({ method: 'resume', args: [queue] }),
);

const clean = forQueue(
  fc.record({
    state: fc.constantFrom('completed', 'failed'),
    age: fc.constantFrom(0, 2),
    limit: fc.constantFrom(9, 1, 0),
  }),
  (store, queue) => store.in(queue, 'completed', 'failed').length > 0,
  (queue, { state, age, limit }, world) => ({ method: 'clean', args: [queue, state, world.lasting(age), limit] }),
);

const list = forQueue(
  fc.record({
    state: fc.constantFrom(...states.filter((state) => !unordered.has(state))),
    start: fc.constantFrom(0, 1),
    end: fc.constantFrom(0, 1, -2),
  }),
  any,
  (queue, { state, start, end }) => ({ method: 'list', args: [queue, state, start, end] }),
);

/** Where there is nothing to call a thing for: what makes that there soon is. */
const instead: Plan = (world) => {
  const queue = queues.find((each) => world.model.store.claimable(each).length > 0);
  if (queue) return { method: 'claim', args: [queue, { limit: 2, lockDuration: world.lasting(8) }] };
  return { method: 'add', args: [[{ queue: queues[0], name: 'job', data: '{}', opts: {}, timestamp: world.in(0) }]] };
};

/** Any call of the port in any order, at times a stale, forged, doubled or pointless one. */
export const anyCall: fc.Arbitrary<PlannedCall> = fc
  .oneof(
    { weight: 9, arbitrary: add },
    { weight: 4, arbitrary: addAgain },
    { weight: 14, arbitrary: claim },
    { weight: 3, arbitrary: renew },
    { weight: 6, arbitrary: writes.checkpoint },
    { weight: 4, arbitrary: writes.moveToDelayed },
    { weight: 8, arbitrary: writes.moveToWaitingChildren },
    { weight: 9, arbitrary: writes.complete },
    { weight: 6, arbitrary: writes.fail },
    { weight: 3, arbitrary: writes.release },
    { weight: 5, arbitrary: writes.resend },
    { weight: 7, arbitrary: recoverStalled },
    { weight: 7, arbitrary: advance },
    { weight: 4, arbitrary: retry },
    { weight: 2, arbitrary: promote },
    { weight: 2, arbitrary: changeDelay },
    { weight: 2, arbitrary: changePriority },
    { weight: 1, arbitrary: updateData },
    { weight: 1, arbitrary: updateProgress },
    { weight: 2, arbitrary: cancelOne(isUnfinished) },
    { weight: 1, arbitrary: cancelOne(isBusyParent) },
    { weight: 2, arbitrary: removeOne(any) },
    { weight: 2, arbitrary: removeOne(isParent) },
    { weight: 1, arbitrary: log },
    { weight: 1, arbitrary: lookAtChildren },
    { weight: 1, arbitrary: pause },
    { weight: 2, arbitrary: resume },
    { weight: 2, arbitrary: clean },
    { weight: 1, arbitrary: list },
  )
  .map((plan) => new PlannedCall((world) => plan(world) ?? instead(world)));
