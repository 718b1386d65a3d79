import type { Awaitable } from '../../src/engine/awaitable.js';
import type { Engine } from '../../src/engine/engine.js';
import type { JobOptions, Lease, Write } from '../../src/engine/records.js';
import { children, failure } from './bench.js';

/** A write as an activation can make it, in one of the ways in which it can turn out. */
export interface Kind {
  readonly title: string;
  /** Options of the job that is written to. */
  readonly opts?: JobOptions;
  readonly send: (engine: Engine, lease: Lease, write: Write) => Awaitable<unknown>;
  readonly answer: unknown;
  readonly endsLease: boolean;
  /** The state that the job is in afterwards; `undefined`: gone. */
  readonly state: string | undefined;
}

const later = 60_000;
const gate = { groups: ['gate'] };
const withKids = (lease: Lease, write: Write): Write => ({
  ...write,
  children: children(lease.jobId, ['kid-0', 'kid-1']),
});

/** Each kind of write. */
export const kinds: readonly Kind[] = [
  {
    title: 'checkpoint',
    send: (engine, lease, write) => engine.checkpoint(lease, withKids(lease, { ...write, progress: '{"at":1}' })),
    answer: undefined,
    endsLease: false,
    state: 'active',
  },
  {
    title: 'moveToDelayed',
    send: (engine, lease, write) => engine.moveToDelayed(lease, write, engine.clock.now() + later),
    answer: undefined,
    endsLease: true,
    state: 'delayed',
  },
  {
    title: 'moveToDelayed to a time that has passed',
    send: (engine, lease, write) => engine.moveToDelayed(lease, write, engine.clock.now() - 1),
    answer: undefined,
    endsLease: true,
    state: 'delayed',
  },
  {
    title: 'moveToWaitingChildren that parks',
    send: (engine, lease, write) => engine.moveToWaitingChildren(lease, withKids(lease, write), gate),
    answer: true,
    endsLease: true,
    state: 'waiting-children',
  },
  {
    title: 'moveToWaitingChildren with nothing to wait for',
    send: (engine, lease, write) => engine.moveToWaitingChildren(lease, write, gate),
    answer: false,
    endsLease: false,
    state: 'active',
  },
  {
    title: 'complete',
    send: (engine, lease, write) => engine.complete(lease, write, '"result"', 0),
    answer: 'completed',
    endsLease: true,
    state: 'completed',
  },
  {
    title: 'complete of a job that is not kept',
    opts: { removeOnComplete: true },
    send: (engine, lease, write) => engine.complete(lease, write, '"result"', 0),
    answer: 'completed',
    endsLease: true,
    state: undefined,
  },
  {
    title: 'complete with children pending',
    send: (engine, lease, write) => engine.complete(lease, withKids(lease, write), '"result"', 0),
    answer: 'waiting-children',
    endsLease: true,
    state: 'waiting-children',
  },
  {
    title: 'fail for good',
    send: (engine, lease, write) => engine.fail(lease, write, failure()),
    answer: undefined,
    endsLease: true,
    state: 'failed',
  },
  {
    title: 'fail for good of a job that is not kept',
    opts: { removeOnFail: true },
    send: (engine, lease, write) => engine.fail(lease, write, failure()),
    answer: undefined,
    endsLease: true,
    state: undefined,
  },
  {
    title: 'fail with a retry at once',
    send: (engine, lease, write) => engine.fail(lease, write, failure(), engine.clock.now()),
    answer: undefined,
    endsLease: true,
    state: 'waiting',
  },
  {
    title: 'fail with a retry later',
    send: (engine, lease, write) => engine.fail(lease, write, failure(), engine.clock.now() + later),
    answer: undefined,
    endsLease: true,
    state: 'delayed',
  },
  {
    title: 'release',
    send: (engine, lease, write) => engine.release(lease, write),
    answer: undefined,
    endsLease: true,
    state: 'waiting',
  },
];
