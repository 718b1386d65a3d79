import { concatMap, merge, NEVER, of, throwError } from 'rxjs';
import { addChildren, awaitChildren, checkpoint, delay, type StepJob } from 'stepstream';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire } from './wire.js';

const children = processor({ run: ({ data }: StepJob) => of(data) }, { queue: 'children' });

describe.each(bullmqVersions)('what BullMQ %s hears and reads of jobs that run here', (_version, bullmq) => {
  const wire = useWire(bullmq);

  it('QueueEvents tells the life of a job: parked for a time, for children, and completed', async () => {
    const app = await wire().app(
      children,
      processor({
        first: () => of('slept').pipe(delay('1 hour')),
        second: () => of(7).pipe(awaitChildren((data) => ({ queue: 'children', name: 'run', data }))),
      }),
    );
    const ears = wire().ears('work');
    const { id } = await app.queue('work').add('live', {});
    const delayed = await ears.until('delayed', id);
    await app.engine.promote('work', id); // no time passes
    await ears.until('drained');
    expect(delayed).toMatchObject({ delay: expect.any(Number) });
    expect(ears.of(id)).toEqual([
      ['added', { name: 'live' }],
      ['waiting', {}],
      ['active', { prev: 'waiting' }],
      ['delayed', { delay: delayed['delay'] }],
      ['waiting', { prev: 'delayed' }],
      ['active', { prev: 'waiting' }],
      ['progress', { data: expect.objectContaining({ step: 'first', visit: 1, emission: 'slept', count: 1 }) }],
      ['waiting-children', { prev: 'active' }],
      ['waiting', { prev: 'waiting-children' }],
      ['active', { prev: 'waiting' }],
      // the last emission travels with the end
      ['completed', { returnvalue: [7], prev: 'active', progress: expect.stringContaining('"emission":[7]') }],
    ]);
  });

  it('QueueEvents tells of attempts and a failure', async () => {
    const app = await wire().app(processor({ run: () => throwError(() => new Error('broken')) }));
    const ears = wire().ears('work');
    const { id } = await app.queue('work').add('fail', {}, { attempts: 2 });
    await ears.until('drained');
    expect(ears.of(id)).toEqual([
      ['added', { name: 'fail' }],
      ['waiting', {}],
      ['active', { prev: 'waiting' }],
      ['waiting', { prev: 'active' }],
      ['active', { prev: 'waiting' }],
      ['failed', { failedReason: 'broken', prev: 'active' }],
      ['retries-exhausted', { attemptsMade: '2' }],
    ]);
  });

  it('QueueEvents tells of what is done to jobs and queues here', async () => {
    const app = await wire().app();
    const { engine } = app;
    const ears = wire().ears('work');
    const queue = app.queue('work');
    const { id } = await queue.add('kept', {}, { jobId: 'one' });
    await queue.add('again', {}, { jobId: 'one' });
    await engine.pause('work');
    await engine.resume('work');
    const { id: sleeping } = await queue.add('delayed', {}, { delay: 3_600_000 });
    await engine.promote('work', sleeping);
    await engine.remove('work', sleeping);
    await engine.cancel('work', id, 'enough');
    await engine.clean('work', 'failed', 0, 10);
    await ears.until('cleaned');
    expect(ears.heard).toEqual([
      ['added', { jobId: 'one', name: 'kept' }],
      ['waiting', { jobId: 'one' }],
      ['duplicated', { jobId: 'one' }],
      ['paused', {}],
      ['resumed', {}],
      ['added', { jobId: sleeping, name: 'delayed' }],
      ['delayed', { jobId: sleeping, delay: expect.any(Number) }],
      ['waiting', { jobId: sleeping, prev: 'delayed' }],
      ['removed', { jobId: sleeping, prev: 'wait' }],
      ['failed', { jobId: 'one', failedReason: 'enough', prev: 'wait', code: 'JOB_CANCELLED' }],
      ['drained', {}],
      ['cleaned', { count: '1' }],
    ]);
  });

  it.each([
    ['undefined is null', undefined, null],
    ['null', null, null],
    ['an empty text', '', ''],
    ['false', false, false],
    ['an object', { deep: [1, 'ü'] }, { deep: [1, 'ü'] }],
  ])('a result of every kind: %s', async (_what, result, seen) => {
    const app = await wire().app(processor({ run: () => of(result) }));
    const ears = wire().ears('work');
    const { id } = await app.queue('work').add('run', {});
    await expect(ears.until('completed', id)).resolves.toMatchObject({ returnvalue: seen });
    const theirs = (await wire().queue('work').getJob(id))!;
    expect(theirs.returnvalue).toEqual(seen);
    await expect(wire().end(theirs)).resolves.toEqual(seen);
  });

  it('waitUntilFinished() rejects with the reason of the failure', async () => {
    const app = await wire().app(processor({ run: () => throwError(() => new Error('broken "badly"')) }));
    const { id } = await app.queue('work').add('run', {});
    const theirs = (await wire().queue('work').getJob(id))!;
    await expect(wire().end(theirs)).rejects.toThrow('broken "badly"');
  });

  it('a Job has what was added here, and how far it has come', async () => {
    const app = await wire().app(
      processor({
        one: () =>
          of('saved').pipe(
            checkpoint(),
            concatMap(() => NEVER),
          ),
      }),
    );
    const opts = { attempts: 3, backoff: { type: 'fixed' as const, delay: 5 }, priority: 4, timestamp: 1_000 };
    const ours = await app.queue('work').add('typed', { some: 'data' }, opts);
    await wire().ears('work').until('active', ours.id);
    await ours.getState();
    const theirs = (await wire().queue('work').getJob(ours.id))!;
    expect(theirs).toMatchObject({
      id: ours.id,
      name: 'typed',
      data: { some: 'data' },
      opts,
      priority: 4,
      timestamp: 1_000,
    });
    expect(theirs).toMatchObject({ attemptsMade: 0, attemptsStarted: 1, stalledCounter: 0 });
    expect(theirs.finishedOn).toBeUndefined();
    expect(theirs.processedOn).toBeGreaterThan(theirs.timestamp);
    await expect(theirs.isActive()).resolves.toBe(true);
  });

  it('getState(), counts and lists tell where each job is', async () => {
    const app = await wire().app(
      processor(
        {
          run({ name }: StepJob) {
            if (name === 'sleep') return of(1).pipe(delay('1 hour'));
            const parents = of(1).pipe(awaitChildren(() => ({ queue: 'nobody', name: 'none' })));
            if (name === 'wait') return parents;
            if (name === 'both') return merge(parents, of(1).pipe(delay('1 hour')));
            if (name === 'fail') throw new Error('broken');
            return name === 'run' ? NEVER : of(1);
          },
        },
        { concurrency: 10 },
      ),
    );
    const queue = app.queue('work');
    const ids: Record<string, string> = {};
    const add = async (name: string, opts = {}): Promise<void> =>
      void (ids[name] = (await queue.add(name, {}, opts)).id);
    for (const name of ['sleep', 'wait', 'both', 'fail', 'complete', 'run']) await add(name);
    const ears = wire().ears('work');
    await ears.until('delayed', ids['sleep']);
    await ears.until('waiting-children', ids['wait']);
    await ears.until('waiting-children', ids['both']);
    await ears.until('failed', ids['fail']);
    await ears.until('completed', ids['complete']);
    await ears.until('active', ids['run']);
    await app.engine.pause('work');
    await add('waiting');
    await add('prioritized', { priority: 1 });
    await add('delayed', { delay: 3_600_000 });

    const theirs = wire().queue('work');
    const stateOf = (name: string): Promise<string> => theirs.getJobState(ids[name]!);
    await expect(stateOf('waiting')).resolves.toBe('waiting');
    await expect(stateOf('prioritized')).resolves.toBe('prioritized');
    await expect(stateOf('delayed')).resolves.toBe('delayed');
    await expect(stateOf('sleep')).resolves.toBe('delayed');
    await expect(stateOf('wait')).resolves.toBe('waiting-children');
    await expect(stateOf('both')).resolves.toBe('waiting-children');
    await expect(stateOf('run')).resolves.toBe('active');
    await expect(stateOf('complete')).resolves.toBe('completed');
    await expect(stateOf('fail')).resolves.toBe('failed');
    await expect(theirs.getJobCounts()).resolves.toMatchObject({
      active: 1,
      completed: 1,
      delayed: 2,
      failed: 1,
      prioritized: 1,
      waiting: 1,
      'waiting-children': 2,
    });
    const idsIn = async (state: 'waiting-children' | 'delayed'): Promise<unknown> =>
      new Set((await theirs.getJobs([state])).map(({ id }) => id));
    await expect(idsIn('waiting-children')).resolves.toEqual(new Set([ids['wait'], ids['both']]));
    await expect(idsIn('delayed')).resolves.toEqual(new Set([ids['sleep'], ids['delayed']]));
    await expect(theirs.getWaitingChildrenCount()).resolves.toBe(2);
  });

  it('a parent tells of its children: their results, their failures, those that are pending', async () => {
    const app = await wire().app(
      processor(
        { run: ({ data }: StepJob<number>) => (data < 0 ? throwError(() => new Error('no')) : of(data)) },
        { queue: 'children' },
      ),
      processor({
        run: () =>
          of(1, -1).pipe(
            addChildren((data) => ({ queue: data < 0 ? 'children' : 'nobody', name: 'run', data })),
            awaitChildren((data) => ({ queue: 'children', name: 'run', data }), { settled: true }),
          ),
      }),
    );
    const { id } = await app.queue('work').add('run', {});
    const ears = wire().ears('work');
    await ears.until('failed', id);
    const theirs = (await wire().queue('work').getJob(id))!;
    const child = /^bull:children:.*$/;
    expect(Object.entries(await theirs.getChildrenValues())).toEqual([[expect.stringMatching(child), 1]]);
    expect(Object.entries(await theirs.getIgnoredChildrenFailures())).toEqual([[expect.stringMatching(child), 'no']]);
    await expect(theirs.getDependenciesCount()).resolves.toEqual({
      processed: 1,
      ignored: 1,
      failed: 1,
      unprocessed: 1,
    });
    const { unprocessed, failed } = await theirs.getDependencies();
    expect(unprocessed).toEqual([expect.stringMatching(/^bull:nobody:/)]);
    expect(failed).toEqual([expect.stringMatching(child)]);
    const tree = await wire().flow().getFlow({ id, queueName: 'work' });
    expect(tree.children).toHaveLength(4);
  });
});
