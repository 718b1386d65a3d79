import type { Engine, NewJob, Write } from '../index.js';
import { decode, encode } from './stored-text.js';

type Child = Awaited<ReturnType<Engine['children']>>[number];

/** A child that a step under test has added. */
export interface FakeChild {
  readonly queue: string;
  readonly name: string;
  readonly data: unknown;
}

/** A store in which the children of a job have finished as soon as they are added. */
export function answeredChildren(resultOf: ((child: FakeChild) => unknown) | undefined): (engine: Engine) => Engine {
  return (engine) => {
    const children: Child[] = [];
    const without = (write: Write): Write => {
      const { children: added = [], ...rest } = write;
      for (const job of added) if (job.parent) children.push(ended(job, resultOf));
      return rest;
    };
    return {
      ...engine,
      checkpoint: (lease, write) => engine.checkpoint(lease, without(write)),
      complete: (lease, write, result, seen) => engine.complete(lease, without(write), result, seen),
      children: (_queue, _id, group) => children.filter((child) => group === undefined || child.group === group),
    };
  };
}

function ended(
  { queue, name, data, opts, parent }: NewJob,
  resultOf: ((child: FakeChild) => unknown) | undefined,
): Child {
  const { group, onFailure } = parent!;
  const child = { queue, id: opts.jobId!, group, onFailure };
  try {
    if (!resultOf)
      throw new Error(
        `the test gives no result of child "${name}" of queue ${queue}: fakeStepJob(data, { children: … })`,
      );
    return {
      ...child,
      status: 'completed',
      value: encode(resultOf({ queue, name, data: decode(data) })),
      reason: undefined,
    };
  } catch (error) {
    return {
      ...child,
      status: 'failed',
      value: undefined,
      reason: error instanceof Error ? error.message : String(error),
    };
  }
}
