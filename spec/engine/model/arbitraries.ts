import * as fc from 'fast-check';
import type { ChildFailurePolicy, JobOptions, KeepJobs, NewJob } from '../../../src/engine/records.js';
import { queues } from './picture.js';
import type { World } from './world.js';

export const nothing = fc.constant(undefined);
export const queue = mostly(fc.constant(queues[0]), fc.constant(queues[1]), 0.7);
export const group = mostly(fc.constant('A'), fc.constant('B'), 0.7);
export const text = fc.constantFrom('1', '2');
export const units = fc.constantFrom(1, 2, 4);
/** Which of those there are, counted from the newest. */
export const nth = fc.nat(5);

/** Mostly `usual`, which is also the simpler. */
export function mostly<T, U>(usual: fc.Arbitrary<T>, other: fc.Arbitrary<U>, share = 0.8): fc.Arbitrary<T | U> {
  const weight = Math.round(100 * share);
  return fc.oneof({ withCrossShrink: true }, { weight, arbitrary: usual }, { weight: 100 - weight, arbitrary: other });
}

/** Once in so many times; else nothing. */
export function rarely<T>(arbitrary: fc.Arbitrary<T>, oneIn = 4): fc.Arbitrary<T | undefined> {
  return mostly(nothing, arbitrary, 1 - 1 / oneIn);
}

/** The newest, or another counted from it. */
export function newest<T>(list: readonly T[], index: number): T | undefined {
  return list.at(-1 - (index % (list.length || 1)));
}

type Present<T> = { readonly [K in keyof T]?: Exclude<T[K], undefined> };

/** Without what is absent. */
export function present<T extends object>(of: T): Present<T> {
  return Object.fromEntries(Object.entries(of).filter(([, each]) => each !== undefined)) as Present<T>;
}

/** A job to be added; times in units. */
export interface JobPlan {
  readonly queue: string;
  readonly delay: number | undefined;
  readonly opts: JobOptions;
  readonly group: string | undefined;
  readonly onFailure: ChildFailurePolicy;
}

/** Ids are few: they are to meet again. */
export const job = jobPlan('x', 'y', 'z');
export const child = jobPlan('k', 'l', 'x');

function jobPlan(...ids: readonly string[]): fc.Arbitrary<JobPlan> {
  const opts = fc.record({
    jobId: rarely(fc.constantFrom(...ids), 2),
    priority: rarely(fc.constantFrom(1, 5), 3),
    lifo: rarely(fc.constant(true)),
    removeOnComplete: rarely(fc.constantFrom(true, 1, { age: 2 })),
    removeOnFail: rarely(fc.constantFrom(true, 1, { age: 2, count: 2 })),
  });
  return fc.record({
    queue,
    delay: rarely(units),
    opts: opts.map(present),
    group: mostly(group, nothing),
    onFailure: mostly(fc.constantFrom('continue', 'ignore', 'fail'), fc.constantFrom('wait', 'remove')),
  });
}

/** The job as it is added now, as a child of `parent` if there is one. */
export function newJob(world: World, plan: JobPlan, parent?: { readonly queue: string; readonly id: string }): NewJob {
  const { removeOnComplete, removeOnFail } = plan.opts;
  const keep = (option: JobOptions['removeOnFail']) => (typeof option === 'object' ? inSeconds(world, option) : option);
  const link = parent && {
    queue: parent.queue,
    id: parent.id,
    onFailure: plan.onFailure,
    ...present({ group: plan.group }),
  };
  const times = {
    delay: plan.delay === undefined ? undefined : world.lasting(plan.delay),
    removeOnComplete: keep(removeOnComplete),
    removeOnFail: keep(removeOnFail),
  };
  return {
    queue: plan.queue,
    name: 'job',
    data: '{}',
    opts: { ...plan.opts, ...present(times) },
    timestamp: world.in(0),
    ...(link && { parent: link }),
  };
}

function inSeconds(world: World, { age, ...keep }: KeepJobs): KeepJobs {
  return age === undefined ? keep : { ...keep, age: world.lasting(age) / 1_000 };
}
