import * as fc from 'fast-check';
import type { Waiting } from '../../../src/engine/engine.js';
import type { Lease, Write } from '../../../src/engine/records.js';
import { child, mostly, newJob, newest, nothing, nth, present, rarely, text } from './arbitraries.js';
import type { Call } from './call.js';
import type { Plan } from './planned-call.js';
import type { World } from './world.js';

type Made<A> = A extends fc.Arbitrary<infer T> ? T : never;

const lease = fc.record({ nth, kind: mostly(fc.constant('held'), fc.constantFrom('any', 'forged'), 0.85) });

const content = fc.record({
  number: mostly(fc.constant(1), fc.constantFrom(2, 0, -1), 0.9),
  cursor: mostly(fc.constantFrom('c', 'd'), nothing, 0.7),
  fields: rarely(fc.dictionary(fc.constantFrom('f', 'g'), fc.option(text, { nil: null }), { maxKeys: 2 })),
  progress: rarely(text),
  children: rarely(fc.array(child, { minLength: 1, maxLength: 3 }), 2),
  areDetached: mostly(fc.constant(false), fc.constant(true), 0.9),
});

/** Writes under a lease that is mostly held, with a number that is mostly the next. */
function writing<T>(
  arbitrary: fc.Arbitrary<T>,
  call: (lease: Lease, write: Write, of: T, world: World) => Call,
): fc.Arbitrary<Plan> {
  return fc.tuple(lease, content, arbitrary).map(([{ nth: index, kind }, written, of]) => (world) => {
    const { model, leases } = world;
    const given = newest(kind === 'held' ? leases.filter((each) => model.holds(each)) : leases, index);
    const used = given && (kind === 'forged' ? { ...given, token: 'forged' } : given);
    const write = used && writeOf(world, used, written);
    return write && call(used, write, of, world);
  });
}

function writeOf(world: World, used: Lease, written: Made<typeof content>): Write | undefined {
  const { queue, jobId: id } = used;
  const seq = (world.model.store.find(queue, id)?.seq ?? 0) + written.number;
  if (world.model.remembers(used, seq)) return undefined; // that would be a resend of something else
  const { cursor, progress, fields, children, areDetached } = written;
  const added = children?.map((plan) => newJob(world, plan, areDetached ? undefined : { queue, id }));
  return { seq, ...present({ cursor, progress, fields: fields && new Map(Object.entries(fields)), children: added }) };
}

export const checkpoint = writing(nothing, (held, write) => ({ method: 'checkpoint', args: [held, write] }));

export const release = writing(nothing, (held, write) => ({ method: 'release', args: [held, write] }));

export const moveToDelayed = writing(fc.constantFrom(2, 4, 0), (held, write, due, world) => ({
  method: 'moveToDelayed',
  args: [held, write, world.in(due)],
}));

const waiting = fc.record({
  groups: fc.constantFrom(['A'], undefined, ['B', 'A'], ['B'], []),
  failuresSeen: rarely(fc.constantFrom(0, 1, Infinity), 2),
  due: rarely(fc.constantFrom(2.2, 0.2)), // no delayed job is due at the same time
});

function waitingOf(world: World, { groups, failuresSeen, due }: Made<typeof waiting>): Waiting {
  const all = failuresSeen === undefined ? undefined : { failuresSeen };
  return present({ groups, all, due: due === undefined ? undefined : world.in(due) });
}

export const moveToWaitingChildren = writing(waiting, (held, write, plan, world) => ({
  method: 'moveToWaitingChildren',
  args: [held, write, waitingOf(world, plan)],
}));

const ending = fc.record({ result: rarely(text, 2), failuresSeen: fc.constantFrom(0, 1) });

export const complete = writing(ending, (held, write, { result, failuresSeen }) => ({
  method: 'complete',
  args: [held, write, result, failuresSeen],
}));

const failing = fc.record({
  failure: fc.constantFrom(
    { reason: 'broken', code: undefined, stack: 'Error: broken' },
    { reason: 'bad', code: 'BAD', stack: undefined },
  ),
  retry: rarely(fc.constantFrom(2, 0), 2),
});

export const fail = writing(failing, (held, write, { failure, retry }, world) => ({
  method: 'fail',
  args: retry === undefined ? [held, write, failure] : [held, write, failure, world.in(retry)],
}));

/** One of the last writes once more, word for word. */
export const resend: fc.Arbitrary<Plan> = nth.map((index) => ({ model: { store }, writes, leased }) => {
  const call = newest(writes, index);
  const job = call && leased.get((call.args[0] as Lease).token);
  // of a job that was removed from outside nothing need be known
  return job && (store.jobs.includes(job) || store.notKept.includes(job)) ? call : undefined;
});
