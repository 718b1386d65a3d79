import { concatMap, defer, map, merge, NEVER, of } from 'rxjs';
import { addChildren, awaitChildren, checkpoint, delay, type StepJob } from 'stepstream';
import { processor } from '../support/processor.js';
import { bullmqVersions } from './bullmq.js';
import { useWire, type Wire } from './wire.js';

/** Notes what ran. */
function noting(steps: (ran: string[]) => Parameters<typeof processor>[0], options = {}): { ran: string[]; work: any } {
  const ran: string[] = [];
  return { ran, work: processor(steps(ran), options) };
}

const sleepy = (): ReturnType<typeof noting> =>
  noting((ran) => ({
    first: () => defer(() => of(ran.push('first'))),
    second: () =>
      of('slept').pipe(
        delay('1 hour'),
        map((value) => `${value} ${ran.push('second')}`),
      ),
  }));

describe.each(bullmqVersions)('calls of BullMQ %s on jobs that run here', (_version, bullmq) => {
  const wire = useWire(bullmq);

  const theirs = async (id: string, queue = 'work'): ReturnType<ReturnType<Wire['queue']>['getJob']> =>
    wire().queue(queue).getJob(id);

  // --- retry ---

  it('A2 retry() of a failed job goes on at its checkpoint', async () => {
    let healed = false;
    const { ran, work } = noting((list) => ({
      first: () => defer(() => of(list.push('first'))),
      second: (_job, input) => {
        list.push('second');
        if (!healed) throw new Error('broken');
        return of(`second after ${input}`);
      },
    }));
    const app = await wire().app(work);
    const job = await app.queue('work').add('run', {}, { attempts: 2 });
    await expect(job.result()).rejects.toThrow('broken');
    expect(ran).toEqual(['first', 'second', 'second']);
    healed = true;
    await (await theirs(job.id))!.retry();
    const { returnvalue } = await wire().ears('work').until('completed', job.id);
    expect(returnvalue).toBe('second after 1');
    expect(ran).toEqual(['first', 'second', 'second', 'second']);
    await expect(theirs(job.id)).resolves.toMatchObject({ attemptsMade: 3, returnvalue: 'second after 1' });
  });

  it('A2 retry() of a completed job begins a new run', async () => {
    const { ran, work } = noting((list) => ({
      first: (job) => of(list.push(job.idempotencyKey)).pipe(checkpoint()),
      second: () => of(list.length),
    }));
    const app = await wire().app(work);
    const job = await app.queue('work').add('run', {});
    await expect(job.result()).resolves.toBe(1);
    await (await theirs(job.id))!.retry('completed');
    await expect(wire().ears('work').until('completed', job.id, 2)).resolves.toMatchObject({ returnvalue: 2 });
    expect(new Set(ran).size).toBe(2);
  });

  it.each([{}, { resetAttemptsMade: true, resetAttemptsStarted: true }])(
    'A3 retry(%j) gives a job all its attempts again',
    async (options) => {
      const { ran, work } = noting((list) => ({
        run() {
          list.push('run');
          throw new Error('broken');
        },
      }));
      const app = await wire().app(work);
      const ears = wire().ears('work');
      const job = await app.queue('work').add('run', {}, { attempts: 3 });
      await ears.until('failed', job.id);
      await (await theirs(job.id))!.retry('failed', options);
      await ears.until('failed', job.id, 2);
      expect(ran).toHaveLength(6);
    },
  );

  it('A3 retry() of a job that stalled too often counts its deaths anew', async () => {
    const { engine } = await wire().app();
    const queue = wire().queue('work');
    const { id } = await queue.add('run', {});
    const die = async (): Promise<unknown> => {
      await engine.claim('work', { limit: 1, lockDuration: 60_000 });
      await wire().redis.del(`bull:work:${id}:lock`);
      return (await engine.recoverStalled('work', 1)).recovered;
    };
    await expect(die()).resolves.toEqual([{ jobId: id, to: 'waiting' }]);
    await expect(die()).resolves.toEqual([{ jobId: id, to: 'failed' }]);
    const failed = (await theirs(id!))!;
    expect(failed).toMatchObject({ stalledCounter: 2, failedReason: 'job stalled more than allowable limit' });
    await failed.retry();
    await expect(die()).resolves.toEqual([{ jobId: id, to: 'waiting' }]);
    await expect(die()).resolves.toEqual([{ jobId: id, to: 'failed' }]);
  });

  it('retryJobs() puts all failed jobs back', async () => {
    let healed = false;
    const { work } = noting(() => ({
      run(job) {
        if (!healed) throw new Error('broken');
        return of(job.data);
      },
    }));
    const app = await wire().app(work);
    const jobs = await app.queue('work').addBulk([1, 2, 3].map((data) => ({ name: 'run', data })));
    const ears = wire().ears('work');
    await ears.until('failed', undefined, 3);
    healed = true;
    await wire().queue('work').retryJobs();
    await ears.until('completed', undefined, 3);
    await expect(Promise.all(jobs.map(({ id }) => theirs(id)))).resolves.toMatchObject([
      { returnvalue: 1 },
      { returnvalue: 2 },
      { returnvalue: 3 },
    ]);
  });

  // --- delayed jobs ---

  it('A1 promote() lets a job that sleeps in a delay pass it', async () => {
    const { ran, work } = sleepy();
    const app = await wire().app(work);
    const job = await app.queue('work').add('run', {});
    await wire().ears('work').until('delayed', job.id);
    await (await theirs(job.id))!.promote();
    await expect(job.result()).resolves.toBe('slept 2');
    expect(ran).toEqual(['first', 'second']);
  });

  it('A1 promoteJobs() lets all of them pass', async () => {
    const app = await wire().app(sleepy().work);
    const jobs = await app.queue('work').addBulk([1, 2, 3].map((data) => ({ name: 'run', data })));
    await wire().ears('work').until('delayed', undefined, 3);
    await wire().queue('work').promoteJobs();
    await expect(Promise.all(jobs.map((job) => job.result()))).resolves.toHaveLength(3);
  });

  it('A1 changeDelay() lets a job pass its delay when the new one is over', async () => {
    const app = await wire().app(sleepy().work);
    const job = await app.queue('work').add('run', {});
    const ears = wire().ears('work');
    const { delay: first } = await ears.until('delayed', job.id);
    await (await theirs(job.id))!.changeDelay(7_200_000);
    const { delay: second } = await ears.until('delayed', job.id, 2);
    expect(Number(second)).toBeGreaterThan(Number(first));
    await expect(
      app
        .queue('work')
        .getJob(job.id)
        .then((found) => found!.getState()),
    ).resolves.toBe('delayed');
    await (await theirs(job.id))!.changeDelay(1);
    await expect(job.result()).resolves.toBe('slept 2');
  });

  // --- priority, data, log ---

  it('changePriority() moves a job that waits, and counts for one that parks later', async () => {
    const ran: unknown[] = [];
    const work = processor({
      run: ({ data, id }: StepJob) => {
        ran.push(data);
        return data === 'parked' ? of(id).pipe(awaitChildren(() => ({ queue: 'kids', name: 'kid' }))) : of(id);
      },
    });
    const queue = wire().queue('work');
    const parked = await queue.add('run', 'parked');
    const app = await wire().app(work);
    await wire().ears('work').until('waiting-children', parked.id);
    await queue.pause();
    const jobs = await queue.addBulk(['a', 'b', 'c'].map((data) => ({ name: 'run', data, opts: { priority: 2 } })));
    const plain = await queue.add('run', 'plain');
    await jobs[2]!.changePriority({ priority: 1 });
    await plain.changePriority({ priority: 5 });
    await parked.changePriority({ priority: 3 });
    const ears = wire().ears('work');
    wire().worker('kids', async () => 'kid');
    await ears.until('waiting', parked.id, 2);
    await expect(parked.getState()).resolves.toBe('prioritized');
    await queue.resume();
    await expect(wire().end(plain)).resolves.toBe(plain.id);
    expect(ran).toEqual(['parked', 'c', 'a', 'b', 'parked', 'plain']);
    await app.close();
  });

  it('A4 updateData() is seen from the next activation on', async () => {
    const { work } = noting(() => ({
      run: (job) =>
        of(job.data).pipe(
          delay('1 hour'),
          map((before) => [before, job.data]),
        ),
    }));
    const app = await wire().app(work);
    const job = await app.queue('work').add('run', 'old');
    await wire().ears('work').until('delayed', job.id);
    const found = (await theirs(job.id))!;
    await found.updateData('new');
    await found.promote();
    await expect(job.result()).resolves.toEqual(['old', 'new']);
  });

  it('updateProgress() and log() of a job that is parked leave its checkpoint alone', async () => {
    const app = await wire().app(sleepy().work);
    const job = await app.queue('work').add('run', {});
    await wire().ears('work').until('delayed', job.id);
    const found = (await theirs(job.id))!;
    await found.updateProgress(42);
    await found.log('from outside');
    await expect(app.queue('work').getJob(job.id)).resolves.toMatchObject({ progress: 42 });
    await expect(app.engine.logs('work', job.id)).resolves.toEqual({ logs: ['from outside'], count: 1 });
    await found.promote();
    await expect(job.result()).resolves.toBe('slept 2');
  });

  // --- children ---

  it('removeUnprocessedChildren() wakes the parent, whose gate fails', async () => {
    const { work } = noting(() => ({
      run: () => of(1, 2).pipe(awaitChildren((data) => ({ queue: 'kids', name: 'kid', data }))),
    }));
    const app = await wire().app(work);
    const job = await app.queue('work').add('run', {});
    await wire().ears('work').until('waiting-children', job.id);
    await (await theirs(job.id))!.removeUnprocessedChildren();
    await expect(job.result()).rejects.toMatchObject({ code: 'CHILD_FAILED' });
    await expect(wire().queue('kids').getJobCountByTypes('waiting')).resolves.toBe(0);
  });

  it('removeChildDependency() lets a job complete without that child', async () => {
    const { work } = noting(() => ({
      run: () => of(1).pipe(addChildren((data) => ({ queue: 'kids', name: 'kid', data }))),
    }));
    const app = await wire().app(work);
    const job = await app.queue('work').add('run', {});
    await wire().ears('work').until('waiting-children', job.id);
    const [child] = await wire().queue('kids').getWaiting();
    await child!.removeChildDependency();
    await expect(job.result()).resolves.toBe(1);
    await expect(child!.getState()).resolves.toBe('waiting');
  });

  it('a job added to a parent that sleeps here is one of its children', async () => {
    const { work } = noting(() => ({
      run: () =>
        of(1).pipe(
          delay('1 hour'),
          awaitChildren<number, string>(),
          map((results) => results),
        ),
    }));
    const app = await wire().app(work);
    const job = await app.queue('work').add('run', {});
    await wire().ears('work').until('delayed', job.id);
    await wire()
      .queue('kids')
      .add('kid', 'late', { parent: { id: job.id, queue: 'bull:work' } });
    wire().worker('kids', async ({ data }) => data);
    await (await theirs(job.id))!.promote();
    await expect(job.result()).resolves.toEqual(['late']);
  });

  // --- the queue ---

  it('pause() and resume() hold and let go what waits and what becomes due', async () => {
    const { ran, work } = noting((list) => ({ run: (job) => of(list.push(String(job.data))) }), { concurrency: 1 });
    const app = await wire().app(work);
    const queue = wire().queue('work');
    await queue.pause();
    const ears = wire().ears('work');
    const delayed = await queue.add('run', 'delayed', { delay: 1 });
    await ears.until('delayed', delayed.id);
    const jobs = await queue.addBulk(['a', 'b'].map((data) => ({ name: 'run', data })));
    await app.queue('work').add('run', 'c', { priority: 1 });
    await ears.until('waiting', undefined, 3);
    await expect(app.engine.claim('work', { limit: 10, lockDuration: 1_000 })).resolves.toEqual([]);
    await queue.resume();
    await ears.until('completed', undefined, 4);
    expect(ran.toSorted()).toEqual(['a', 'b', 'c', 'delayed']);
    expect(ran.indexOf('a')).toBeLessThan(ran.indexOf('b'));
    await expect(jobs[1]!.getState()).resolves.toBe('completed');
  });

  it('a job that parks for children and a time at once is woken by its children, run by BullMQ', async () => {
    const { work } = noting(() => ({
      run: () =>
        merge(
          of('child').pipe(awaitChildren<string, string>((data) => ({ queue: 'kids', name: 'kid', data }))),
          of(['time']).pipe(delay('1 hour')),
        ).pipe(concatMap((values) => (values[0] === 'time' ? NEVER : of(values)))),
    }));
    const app = await wire().app(work);
    const job = await app.queue('work').add('run', {});
    const ears = wire().ears('work');
    await ears.until('waiting-children', job.id);
    const score = await wire().redis.zscore('bull:work:waiting-children', job.id);
    expect(Number(score)).toBeLessThan(0);
    wire().worker('kids', async ({ data }) => data);
    // its result is saved; the delay is slept on
    await ears.until('delayed', job.id);
    await (await theirs(job.id))!.promote();
    await ears.until('active', job.id, 3);
    await expect(theirs(job.id)).resolves.toMatchObject({ progress: { emission: ['child'] } });
  });
});
