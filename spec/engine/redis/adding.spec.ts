import { JobNotFoundError, JobStateError } from 'stepstream';
import type { Engine } from '../../../src/engine/engine.js';
import { child, jobs, kids, newJob, next, outcome } from '../../contract/bench.js';
import { useRedis } from '../../support/use-redis.js';
import { redisUnderTest } from './redis-under-test.js';

const server = useRedis();
const minute = 60_000;

let engine: Engine;

beforeEach(async () => {
  ({ engine } = await redisUnderTest(server()));
  await engine.add([newJob({ jobId: 'first' }), newJob({ jobId: 'first' }, { queue: kids })]); // each queue is looked at before
  for (const queue of [jobs, kids]) await engine.remove(queue, 'first');
});
afterEach(() => engine.close());

describe('lists of jobs that are sent together', () => {
  it('C2: one whose parent is missing spoils no other', async () => {
    const outcomes = await Promise.allSettled([
      engine.add([newJob({ jobId: 'a' }), newJob({ jobId: 'b' })]),
      engine.add([newJob({ jobId: 'c' }), child('nobody', 'd')]),
      engine.add([newJob({ jobId: 'e' })]),
      engine.add([child('c', 'f')]),
    ]);
    expect(outcomes).toMatchObject([
      { value: ['a', 'b'] },
      {
        reason: new JobNotFoundError(
          'there is no job nobody in queue jobs to be the parent of another: nothing was added',
        ),
      },
      { value: ['e'] },
      { status: 'rejected' },
    ]);
    expect(await engine.counts(jobs)).toMatchObject({ waiting: 3 });
    expect(await engine.counts(kids)).toMatchObject({ waiting: 0 });
  });

  it('C2: a parent of a list before is there', async () => {
    const added = await Promise.all([
      engine.add([newJob({}, { id: 'p', hasChildren: true }), child('p', 'a')]),
      engine.add([child('p', 'b')]),
    ]);
    expect(added).toEqual([['p', 'a'], ['b']]);
    expect((await engine.children(jobs, 'p')).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('a flow of thousands is one', async () => {
    const ids = Array.from({ length: 3_000 }, (_, index) => `kid-${index}`);
    const added = await engine.add([newJob({}, { id: 'p', hasChildren: true }), ...ids.map((id) => child('p', id))]);
    expect(added).toEqual(['p', ...ids]);
    expect((await engine.children(jobs, 'p')).map(({ id }) => id)).toEqual(ids);
  });

  it('a job that may be turned away is no parent', async () => {
    const parent = newJob({ deduplication: { id: 'once' } }, { id: 'p' });
    await expect(engine.add([parent, child('p', 'a')])).rejects.toThrow(JobNotFoundError);
    expect(await engine.counts(jobs)).toMatchObject({ waiting: 0 });
  });
});

describe('a job scheduler whose next jobs have ids that are taken', () => {
  const now = (): number => Math.floor(engine.clock.now());
  const scheduler = (repeat: object) => ({ id: 's', repeat, name: 'tick', data: undefined, opts: {} });
  /** Jobs that have finished, and are kept: they were a scheduler's before. */
  async function leave(times: readonly number[]): Promise<void> {
    await engine.add(times.map((time) => newJob({}, { id: `repeat:s:${time}` })));
    for (const claimed of await engine.claim(jobs, { limit: 100, lockDuration: minute })) {
      await engine.complete(claimed.lease, next(claimed), undefined, 0);
    }
  }
  /** The first times of a minute, from the next one on. */
  const minutes = (count: number): readonly number[] =>
    Array.from({ length: count }, (_, index) => (Math.floor(now() / minute) + 1 + index) * minute);

  const repeats = [
    ['a pattern', { pattern: '* * * * *', tz: 'UTC' }, 0],
    ['an interval', { every: minute }, 1],
  ] as const;

  it.each(repeats)('takes the first time that is free: %s', async (_what, repeat, from) => {
    const times = minutes(3);
    await leave(times.slice(0, 2));
    const scheduled = scheduler({ ...repeat, startDate: times[0]! - 1 + from });
    expect(await engine.upsertScheduler(jobs, scheduled)).toBe(`repeat:s:${times[2]}`);
    expect(await engine.counts(jobs)).toMatchObject({ completed: 2, delayed: 1 });
  });

  it.each(repeats)('goes on when one of its jobs is claimed: %s', async (_what, repeat, from) => {
    const times = minutes(3);
    const first = await engine.upsertScheduler(jobs, scheduler({ ...repeat, startDate: times[0]! - 1 + from }));
    await leave(times.slice(1, 2));
    await engine.promote(jobs, first!);
    await engine.claim(jobs, { limit: 1, lockDuration: minute });
    expect(await engine.list(jobs, 'delayed')).toMatchObject([{ id: `repeat:s:${times[2]}`, scheduler: 's' }]);
    expect(await engine.scheduler(jobs, 's')).toMatchObject({ next: times[2], iterations: 2 });
  });

  it.each(repeats)('is refused after so many, and nothing is done: %s', async (_what, repeat, from) => {
    const times = minutes(40);
    await leave(times);
    const scheduled = scheduler({ ...repeat, startDate: times[0]! - 1 + from });
    await expect(outcome(() => engine.upsertScheduler(jobs, scheduled))).rejects.toThrow(JobStateError);
    expect(await engine.scheduler(jobs, 's')).toBeUndefined();
    expect(await engine.counts(jobs)).toMatchObject({ delayed: 0, completed: 40 });
  });
});
