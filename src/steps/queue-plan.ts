import type { Fault } from '../errors.js';
import { classNameOf, type Class, type ProcessorOptions } from './metadata.js';
import { planOf, type Plan } from './plan.js';

type WorkerOptions = Required<Omit<ProcessorOptions, 'job'>>;

/** What an option is where no processor of the queue says otherwise. */
const defaults: WorkerOptions = {
  concurrency: 1,
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 1,
  parkAfter: 20_000,
  unknownStepGrace: 600_000,
};

/** One queue: the processors that share its worker, by job name. */
export interface QueuePlan {
  readonly queue: string;
  readonly options: WorkerOptions;
  readonly plans: readonly Plan[];
  readonly find: (jobName: string) => Plan | undefined;
}

/** Groups processors by queue; mistakes are added to `faults`. */
export function planQueues(processors: readonly Class[], faults: Fault[]): readonly QueuePlan[] {
  const byQueue = new Map<string, Plan[]>();
  processors.forEach((processor, index) => {
    const fault = entryFault(processor, index, processors);
    if (fault) faults.push(fault);
    const plan = fault ? undefined : planOf(processor, faults);
    if (plan) byQueue.set(plan.queue, [...(byQueue.get(plan.queue) ?? []), plan]);
  });
  return [...byQueue].map(([queue, plans]) => planQueue(queue, plans, faults));
}

function entryFault(processor: unknown, index: number, all: readonly unknown[]): Fault | undefined {
  const at = `processors[${index}]`;
  if (typeof processor !== 'function') {
    const message = `it is no class but ${processor === null ? 'null' : typeof processor}: do two modules import each other?`;
    return { code: 'NOT_A_PROCESSOR', at, message };
  }
  if (all.indexOf(processor) === index) return undefined;
  return { code: 'DUPLICATE_PROCESSOR', at, message: `${classNameOf(processor)} stands in the list twice` };
}

function planQueue(queue: string, plans: readonly Plan[], faults: Fault[]): QueuePlan {
  const byJobName = new Map<string | undefined, Plan>();
  for (const plan of plans) {
    for (const name of plan.jobNames ?? [undefined]) {
      const other = byJobName.get(name);
      if (other) faults.push(clash(queue, name, other, plan));
      byJobName.set(name, plan);
    }
  }
  return {
    queue,
    plans,
    options: workerOptions(queue, plans, faults),
    find: (jobName) => byJobName.get(jobName) ?? byJobName.get(undefined),
  };
}

/** One worker serves the queue: an option may be given by several processors, but not differently. */
function workerOptions(queue: string, plans: readonly Plan[], faults: Fault[]): WorkerOptions {
  const options: Record<string, number> = { ...defaults };
  const givenBy = new Map<string, Plan>();
  for (const plan of plans) {
    for (const key of Object.keys(defaults) as (keyof WorkerOptions)[]) {
      const value = plan.options[key];
      if (typeof value !== 'number') continue; // what is neither that nor absent is a fault already
      const other = givenBy.get(key);
      if (other && options[key] !== value) {
        const places = `${options[key]} in ${classNameOf(other.processor)}, ${value} in ${classNameOf(plan.processor)}`;
        const message = `${key} is ${places}: make them equal`;
        faults.push({ code: 'WORKER_OPTIONS_DIFFER', at: `queue "${queue}"`, message });
      }
      options[key] = value;
      givenBy.set(key, plan);
    }
  }
  return options as unknown as WorkerOptions;
}

function clash(queue: string, name: string | undefined, one: Plan, other: Plan): Fault {
  const what = name === undefined ? 'every job name' : `the job name "${name}"`;
  const both = `${classNameOf(one.processor)} and ${classNameOf(other.processor)}`;
  const message = `${both} both take ${what}: give each a \`job\` of its own`;
  return { code: 'DUPLICATE_PROCESSOR', at: `queue "${queue}"`, message };
}
