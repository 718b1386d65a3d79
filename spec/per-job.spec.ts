import { of, type Observable } from 'rxjs';
import {
  addChildren,
  perJob,
  ResolveError,
  type Class,
  type Job,
  type JobInstance,
  type PerJob,
  type StepJob,
} from 'stepstream';
import { crashMatrix, JobTestBed } from 'stepstream/testing';
import { processor } from './support/processor.js';
import { start, World } from './support/world.js';

/** A promise, and what settles it. */
function later<T>() {
  let resolve!: (value: T) => void;
  let reject!: (error: unknown) => void;
  const promise = new Promise<T>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}

/** Says whose it is. */
class Own {
  constructor(readonly owner: unknown) {}
  step(job: StepJob): Observable<unknown> {
    return of([job.data, this.owner]);
  }
}

const Owned = processor({
  step(this: Own, job) {
    return of([job.data, this.owner]);
  },
});

function owned(owner: unknown): object {
  return Object.assign(new Owned() as object, { owner });
}

const per = (open: (job: Job) => JobInstance | Promise<JobInstance>): { get: () => PerJob } => ({
  get: () => perJob(open),
});

describe('an instance per job', () => {
  it('is made of the job, for each activation anew, and disposed when that has ended', async () => {
    const log: string[] = [];
    const Twice: Class = processor({
      first: () => of(log.push('first')),
      second: (_, input) => of(input, log.push('second')),
    });
    const resolver = per(({ id, name, data }) => {
      log.push(`made for ${name} ${id} with ${data}`);
      return { instance: new Twice() as object, dispose: () => void log.push(`disposed of ${id}`) };
    });
    const world = await start([Twice], { resolver });
    expect(log).toEqual([]);
    for (const data of ['A', 'B']) await world.until((await world.add(data)).result());
    expect(log).toEqual([
      'made for job 1 with A',
      'first',
      'second',
      'disposed of 1',
      'made for job 2 with B',
      'first',
      'second',
      'disposed of 2',
    ]);
    await world.app.close();
  });

  it('that is there at once costs no microtask: whole jobs run in virtual time', () => {
    const bed = new JobTestBed({
      processors: [Owned],
      resolver: per(({ data }) => ({ instance: owned(`of ${data}`) })),
    });
    bed.run(({ add, expectJob }) => {
      expectJob(add(Owned, 'A')).toBe('|', { '|': { result: ['A', 'of A'] } });
      expectJob(add(Owned, 'B')).toBe('|', { '|': { result: ['B', 'of B'] } });
    });
  });

  it('goes through the crash matrix as one that all jobs share', () => {
    const resolver = per(({ data }) => ({ instance: owned(`of ${data}`) }));
    const matrix = crashMatrix(Owned, 'A', { resolver });
    expect(matrix.leaks).toEqual([]);
    expect(String(matrix)).toContain('without a crash completed: ["A","of A"]');
  });

  it('may come later: the first step waits for it', async () => {
    const making = later<JobInstance>();
    const world = await start([Owned], { resolver: per(() => making.promise) });
    const job = await world.add('A');
    await world.settle();
    expect(world.get(job).state).toBe('active');
    making.resolve({ instance: owned('late') });
    expect(await world.until(job.result())).toEqual(['A', 'late']);
  });

  it.each<[string, () => JobInstance | Promise<JobInstance>, string]>([
    [
      'throws',
      () => {
        throw new Error('no tenant');
      },
      'Made could not be made for job 1: no tenant',
    ],
    ['rejects', () => Promise.reject(new Error('no tenant')), 'Made could not be made for job 1: no tenant'],
    ['gives nothing', () => undefined as never, 'has no Made'],
    ['gives a stranger', async () => ({ instance: {} }), 'has no method step'],
  ])(
    'that can not be made fails the job as any error does, a ResolveError, when its maker %s',
    async (_, open, text) => {
      const world = await start([Owned], { resolver: per(open) });
      const job = await world.add('A', { attempts: 2, backoff: 1_000 });
      await world.settle();
      expect(world.get(job)).toMatchObject({ state: 'delayed', attemptsMade: 1 });
      const failing = job.result();
      await expect(world.until(failing)).rejects.toThrow(ResolveError);
      await expect(failing).rejects.toThrow(text);
      expect(world.get(job)).toMatchObject({ state: 'failed', attemptsMade: 2 });
    },
  );

  it('that could be made at the second attempt runs the job, from its checkpoint', async () => {
    const ran: string[] = [];
    const Steps: Class = processor({
      first: () => of(ran.push('first')),
      second: [{ attempts: 2 }, () => (ran.push('second') < 3 ? Promise.reject(new Error('once more')) : of('done'))],
    });
    let times = 0;
    const resolver = per(() => {
      if (++times === 2) throw new Error('no database');
      return { instance: new Steps() as object };
    });
    const world = await start([Steps], { resolver });
    const job = await world.add('A', { attempts: 5 });
    await expect(world.until(job.result())).rejects.toThrow('no database');
    await job.retry();
    expect(await world.until(job.result())).toBe('done');
    expect(ran).toEqual(['first', 'second', 'second']);
  });

  it.each(['drain', 'close'] as const)(
    'W4: in a %s while it is made the job is put back, and no step runs',
    async (end) => {
      const making = later<JobInstance>();
      const dispose = jest.fn();
      const world = new World();
      const { app, add } = await world.machine([Owned], { resolver: per(() => making.promise) });
      const job = await add('A');
      await world.settle();
      const before = world.clock.now();
      await world.until(app[end]({ grace: 3_000 }));
      expect(world.clock.now() - before).toBe(3_000);
      expect(world.get(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
      making.resolve({ instance: owned('too late'), dispose });
      await world.settle();
      expect(dispose).toHaveBeenCalledTimes(1);
      expect(world.get(job).state).toBe('waiting');
    },
  );

  it('W4: made while the app drains, it is disposed and the job put back at once', async () => {
    const making = later<JobInstance>();
    const dispose = jest.fn();
    const world = new World();
    const { app, add } = await world.machine([Owned], { resolver: per(() => making.promise) });
    const job = await add('A');
    await world.settle();
    const draining = app.drain();
    making.resolve({ instance: owned('just in time'), dispose });
    const before = world.clock.now();
    await world.until(draining);
    expect(world.clock.now()).toBe(before);
    expect(dispose).toHaveBeenCalledTimes(1);
    expect(world.get(job).state).toBe('waiting');
  });

  it('drain waits for what is being disposed; what can not be is a warning, and harms nobody', async () => {
    const disposing = later<void>();
    const resolver = per(({ data }) => ({
      instance: owned(data),
      dispose: () => {
        if (data === 'A') return disposing.promise;
        throw new Error('stuck');
      },
    }));
    const world = new World();
    const { app, add, logged } = await world.machine([Owned], { resolver });
    for (const data of ['A', 'B']) await world.until((await add(data)).result());
    let drained = false;
    const draining = app.drain().then(() => (drained = true));
    await world.settle();
    expect(drained).toBe(false);
    disposing.reject(new Error('stuck, too'));
    await draining;
    expect(logged).toEqual([
      'the instance of Made of job 2 was not disposed: stuck',
      'the instance of Made of job 1 was not disposed: stuck, too',
    ]);
  });

  it('a job that has finished its steps, and only waited for its children, needs none any more', async () => {
    const Child = processor({ step: () => of('child') }, { queue: 'children' });
    const Parent: Class = processor({
      step: () => of('done').pipe(addChildren(() => ({ queue: 'children', name: 'child', data: 0 }))),
    });
    const opened: string[] = [];
    const make = (token: Class): PerJob =>
      perJob(({ queueName }) => {
        opened.push(queueName);
        return { instance: new token() as object };
      });
    const world = await start([Parent, Child], { resolver: { get: make } });
    expect(await world.until((await world.add()).result())).toBe('done');
    expect(opened).toEqual(['work', 'children']);
  });
});
