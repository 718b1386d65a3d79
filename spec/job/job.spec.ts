import { Subject, concat, defer, of, throwError, type Observable } from 'rxjs';
import {
  ChildFailedError,
  JobFailedError,
  JobNotFoundError,
  JobStalledError,
  StepTimeoutError,
  UnrecoverableError,
  UnserializableValueError,
  awaitChildren,
  checkpoint,
  createApp,
  delay,
  type Codec,
  type Job,
  type JobEvent,
  type JobProgress,
} from 'stepstream';
import { processor } from '../support/processor.js';
import { SpyEngine } from '../support/spy-engine.js';
import { World, start } from '../support/world.js';

/** What an Observable tells: values, then how it ended. */
function heardOf<T>(source: Observable<T>): (T | 'complete' | 'error')[] {
  const heard: (T | 'complete' | 'error')[] = [];
  source.subscribe({
    next: (value) => heard.push(value),
    error: () => heard.push('error'),
    complete: () => heard.push('complete'),
  });
  return heard;
}

const emissions = (heard: readonly (JobProgress | string)[]): readonly unknown[] =>
  heard.map((each) => (typeof each === 'string' ? each : each.emission));

const types = (heard: readonly (JobEvent | string)[]): readonly string[] =>
  heard.map((each) => (typeof each === 'string' ? each : each.type));

/** A job whose only step emits what the test says. */
async function underWay() {
  const source = new Subject<unknown>();
  const w = await start([processor({ only: () => source })]);
  const job = await w.add();
  await w.settle();
  const emit = async (value: unknown): Promise<void> => {
    source.next(value);
    await w.settle();
  };
  return Object.assign(w, { source, job, emit });
}

describe('job.progress$', () => {
  it('progress$ emits the latest saved emission, then live, and completes when the job completes', async () => {
    const w = await underWay();
    await w.emit('one');
    await w.emit('two');
    const heard = heardOf(w.job.progress$);
    await w.settle();
    expect(emissions(heard)).toEqual(['two']);
    await w.emit('three');
    w.source.next('four');
    w.source.complete();
    await w.settle();
    expect(emissions(heard)).toEqual(['two', 'three', 'four', 'complete']);
    expect(heard[0]).toEqual({ step: 'only', visit: 1, emission: 'two', bytes: 5, count: 1, at: w.clock.now() });
  });

  it('progress$ completes when the job fails, and never errors because of it', async () => {
    const w = await underWay();
    const heard = heardOf(w.job.progress$);
    await w.emit('one');
    w.source.error(new Error('boom'));
    await w.settle();
    expect(emissions(heard)).toEqual(['one', 'complete']);
  });

  it('progress$ of a job that has not emitted yet emits nothing until it does', async () => {
    const w = await underWay();
    const heard = heardOf(w.job.progress$);
    await w.settle();
    expect(heard).toEqual([]);
    await w.emit(undefined);
    expect(heard).toEqual([{ step: 'only', visit: 1, bytes: 0, count: 1, at: w.clock.now() }]);
  });

  it('progress$ goes on over steps, parkings and retries', async () => {
    let failures = 1;
    const w = await start([
      processor({
        first: () => of('a').pipe(delay(10)),
        second: [
          { attempts: 2, backoff: 10 },
          () => concat(of('b').pipe(checkpoint()), failures-- > 0 ? throwError(() => new Error('once')) : of('c')),
        ],
      }),
    ]);
    const job = await w.add();
    const heard = heardOf(job.progress$);
    await w.until(job.result());
    await w.settle();
    expect(emissions(heard)).toEqual(['a', 'b', 'c', 'complete']);
  });

  it('progress$ has no gap and no double, wherever the record is read between two emissions', async () => {
    for (let moment = 0; moment <= 8; moment++) {
      const w = await underWay();
      const spy = new SpyEngine(w.engine);
      const watcher = createApp({ connection: spy.engine });
      const { progress$ } = (await watcher.queue('work').getJob(w.job.id))!;
      // the record is read at this moment, and answered two moments later
      const heldBack = spy.holdBack(({ method }) => method === 'get');
      const heard = heardOf(progress$);
      let held: ReturnType<SpyEngine['hold']> | undefined;
      for (let n = 1; n <= 8; n++) {
        w.source.next(n);
        if (n === moment) {
          held = spy.hold(({ method }) => method === 'get');
          heldBack.release();
        }
        await w.settle();
      }
      if (moment === 0) heldBack.release();
      expect(held?.waiting ?? []).toEqual([]);
      await w.emit(9);
      const all = emissions(heard);
      expect(all).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].slice(9 - all.length));
      expect(all.at(0)).toBeGreaterThanOrEqual(moment - 1);
    }
  });

  it('an event that the record knows already, and that is delivered after it, is not told twice', async () => {
    const w = await underWay();
    const spy = new SpyEngine(w.engine);
    const late: (() => void)[] = [];
    // events reach this watcher only when the test lets them
    const engine = new Proxy(spy.engine, {
      get: (target, key) =>
        key === 'events'
          ? (queue: string, listener: (event: never) => void, id?: string) =>
              target.events(queue, (event) => late.push(() => listener(event as never)), id)
          : Reflect.get(target, key),
    });
    const watcher = createApp({ connection: engine });
    const { progress$ } = (await watcher.queue('work').getJob(w.job.id))!;
    const held = spy.holdBack(({ method }) => method === 'get');
    const heard = heardOf(progress$);
    await w.emit('one');
    held.release();
    await w.settle();
    for (const deliver of late.splice(0)) deliver();
    await w.emit('two');
    for (const deliver of late.splice(0)) deliver();
    expect(emissions(heard)).toEqual(['one', 'two']);
  });

  it('progress$ of a completed job ends: its result says what there is to say', async () => {
    const w = await start([processor({ first: () => of('a'), last: () => of('z') })]);
    const job = await w.add();
    await w.until(job.result());
    await w.settle();
    expect(emissions(heardOf(job.progress$))).toEqual(['complete']);
  });

  it('progress$ is followed by each subscriber by itself, and left without a trace', async () => {
    const w = await underWay();
    const first = w.job.progress$.subscribe();
    const heard = heardOf(w.job.progress$);
    await w.settle();
    first.unsubscribe();
    await w.emit('one');
    expect(emissions(heard)).toEqual(['one']);
  });

  it('progress$ hands out what the codec gives back', async () => {
    const base64: Codec = {
      encode: (value) => Buffer.from(JSON.stringify(value)).toString('base64'),
      decode: (payload) => JSON.parse(Buffer.from(payload, 'base64').toString()),
    };
    const w = new World();
    const app = createApp({
      processors: [processor({ only: () => of({ n: 1 }) })],
      connection: w.engine,
      codec: base64,
    });
    await app.start();
    const job = await app.queue('work').add('job', 'data');
    const heard = heardOf(job.progress$);
    await expect(w.until(job.result())).resolves.toEqual({ n: 1 });
    expect(emissions(heard)).toEqual([{ n: 1 }, 'complete']);
    expect(job.data).toBe('data');
  });
});

describe('job.events$', () => {
  it('events$ tells the state now, then all that happens, and ends with how it ended', async () => {
    let failures = 1;
    const w = new World();
    const end = defer(() => (failures-- > 0 ? throwError(() => new Error('once')) : of('end')));
    const P = processor({ only: [{ attempts: 2, backoff: 50 }, () => concat(of('e').pipe(delay(10)), end)] });
    const begin = w.clock.now();
    const job = await w.client.queue(P).add('job', undefined);
    const heard = heardOf(job.events$);
    await w.machine([P]);
    await w.until(job.result());
    await w.settle();
    expect(types(heard)).toEqual([
      'waiting',
      'active',
      'delayed',
      'waiting',
      'active',
      'progress',
      'delayed',
      'waiting',
      'active',
      'progress',
      'completed',
      'complete',
    ]);
    expect(heard[2]).toEqual({ type: 'delayed', at: begin, delay: begin + 10 });
    expect(heard.at(-2)).toEqual({ type: 'completed', at: begin + 60, returnvalue: 'end' });
    expect(heard.at(-3)).toMatchObject({ type: 'progress', data: { step: 'only', emission: 'end', count: 2 } });
  });

  it('events$ of a job that fails ends with failed, and completes', async () => {
    const w = await underWay();
    const heard = heardOf(w.job.events$);
    await w.settle();
    w.source.error(new Error('boom'));
    await w.settle();
    expect(heard).toEqual([
      { type: 'active', at: w.clock.now() },
      { type: 'failed', at: w.clock.now(), failedReason: 'boom' },
      'complete',
    ]);
  });

  it('events$ of a job that has finished tells how, and completes', async () => {
    const w = await start([processor({ only: (job) => (job.data ? of('end') : throwError(() => new Error('boom'))) })]);
    const [good, bad] = [await w.add(1), await w.add(0)];
    await w.settle();
    const at = w.clock.now();
    await w.pass(1_000);
    expect(heardOf(good.events$)).toEqual([{ type: 'completed', at, returnvalue: 'end' }, 'complete']);
    expect(heardOf(bad.events$)).toEqual([{ type: 'failed', at, failedReason: 'boom' }, 'complete']);
  });

  it.each([
    ['delayed', { delay: 500 }],
    ['waiting', { priority: 3 }],
    ['waiting', {}],
  ])('events$ begins with %s for a job that was added with %j', async (type, opts) => {
    const w = new World();
    const job = await w.client.queue('work').add('job', 1, opts);
    const heard = heardOf(job.events$);
    expect(heard).toEqual([expect.objectContaining({ type, at: w.clock.now() })]);
  });

  it('events$ tells of waiting for children', async () => {
    const w = await start([
      processor({ only: () => of(1).pipe(awaitChildren(() => ({ queue: 'kids', name: 'kid' }))) }),
    ]);
    const job = await w.add();
    const heard = heardOf(job.events$);
    await w.settle();
    expect(types(heard)).toEqual(['waiting', 'active', 'waiting-children']);
    expect(types(heardOf(job.events$))).toEqual(['waiting-children']);
  });

  it('events$ of a job that is removed ends with removed', async () => {
    const w = new World();
    const job = await w.client.queue('work').add('job', 1);
    const heard = heardOf(job.events$);
    await w.engine.remove('work', job.id);
    await w.settle();
    expect(types(heard)).toEqual(['waiting', 'removed', 'complete']);
    await expect(job.result()).rejects.toThrow(JobNotFoundError);
  });

  it('events$ and progress$ of a job that is not in the store complete at once', async () => {
    const w = new World();
    const job = await w.client.queue('work').add('job', 1);
    await w.engine.remove('work', job.id);
    expect(heardOf(job.events$)).toEqual(['complete']);
    expect(heardOf(job.progress$)).toEqual(['complete']);
  });
});

describe('job.result()', () => {
  it.each([['text'], [0], [null], [undefined], [{ deep: [1] }]])(
    'result() is what the job completed with: %j',
    async (value) => {
      const w = await start([processor({ only: () => of(value) })]);
      const job = await w.add();
      await expect(w.until(job.result())).resolves.toEqual(value);
      await expect(job.result()).resolves.toEqual(value);
      await expect(job.getState()).resolves.toBe('completed');
      const read = (await w.client.queue('work').getJob(job.id))!;
      expect([read.returnvalue, read.failedReason, read.attemptsMade]).toEqual([value, undefined, 1]);
    },
  );

  it('result() of a job that is removed on completion is given to whoever waited for it', async () => {
    const w = await underWay();
    const kept = w.client.queue('work');
    const job = await kept.add('job', 1, { removeOnComplete: true });
    const waiting = job.result();
    const heard = heardOf(job.events$);
    w.source.complete();
    await w.settle();
    w.source.complete();
    await expect(w.until(waiting)).resolves.toBeUndefined();
    expect(types(heard).slice(-2)).toEqual(['completed', 'complete']);
    await expect(job.result()).rejects.toThrow(new JobNotFoundError('job 2 of queue work is not in the store'));
    await expect(job.getState()).resolves.toBe('unknown');
  });

  it('result() of a job that is removed while its record is on the way is what the record says', async () => {
    const w = await start([processor({ only: () => of('end') })]);
    const spy = new SpyEngine(w.engine);
    const watcher = createApp({ connection: spy.engine });
    const job = (await watcher.queue('work').getJob((await w.add()).id))!;
    const held = spy.hold(({ method }) => method === 'get');
    await w.settle();
    const waiting = job.result();
    await w.engine.remove('work', job.id);
    await w.settle();
    held.release();
    await expect(waiting).resolves.toBe('end');
  });

  it("result() rejects with JobFailedError and the reason when the error is the user's", async () => {
    const w = await start([processor({ only: () => throwError(() => new TypeError('no such parcel')) })]);
    const job = await w.add();
    const failing = w.until(job.result());
    await expect(failing).rejects.toThrow(JobFailedError);
    await expect(failing).rejects.toMatchObject({ code: 'JOB_FAILED', message: 'no such parcel' });
    await expect(job.result()).rejects.toThrow(JobFailedError);
    await expect(job.getState()).resolves.toBe('failed');
  });

  it.each([
    [UnrecoverableError, () => throwError(() => new UnrecoverableError('at once'))],
    [UnserializableValueError, () => of(Symbol('s'))],
    [StepTimeoutError, () => new Subject()],
    [ChildFailedError, () => of(1).pipe(awaitChildren(() => ({ queue: 'kids', name: 'kid' })))],
  ])("result() rejects with Stepstream's own class: %p", async (type, stream) => {
    const w = await start([
      processor({ only: [{ timeout: 1_000 }, stream] }),
      processor({ kid: () => throwError(() => new Error('kid')) }, { queue: 'kids' }),
    ]);
    const job = await w.add();
    await expect(w.until(job.result())).rejects.toThrow(type);
    await expect(job.result()).rejects.toThrow(type);
  });

  it('result() rejects with a subclass of UnrecoverableError as that', async () => {
    class OutOfStock extends UnrecoverableError {
      override readonly code = 'OUT_OF_STOCK';
    }
    const w = await start([processor({ only: () => throwError(() => new OutOfStock('none left')) })]);
    const job = await w.add();
    await expect(w.until(job.result())).rejects.toMatchObject({ message: 'none left' });
    expect(w.get(job).failedCode).toBe('OUT_OF_STOCK');
  });

  it('result() of a job whose workers died too often is a JobStalledError', async () => {
    const world = new World();
    const P = processor({ only: () => new Subject() }, { maxStalledCount: 0 });
    const one = await world.machine([P]);
    const job = await one.add();
    await world.settle();
    one.spy.die();
    await world.machine([P]);
    await expect(world.until(job.result())).rejects.toThrow(JobStalledError);
  });

  it('result() of a job that is not in the store is a JobNotFoundError', async () => {
    const w = new World();
    const job = await w.client.queue('work').add('job', 1);
    await w.engine.remove('work', job.id);
    await expect(job.result()).rejects.toThrow(new JobNotFoundError(`job ${job.id} of queue work is not in the store`));
  });

  it('result() rejects when the store can not be reached', async () => {
    const w = new World();
    const spy = new SpyEngine(w.engine);
    const job = await createApp({ connection: spy.engine }).queue('work').add('job', 1);
    spy.failAt(({ method }) => method === 'get', new Error('no connection'));
    await expect(job.result()).rejects.toThrow('no connection');
    await expect(job.getState()).rejects.toThrow('no connection');
  });

  it('result() waits over parking, retries and a change of machines', async () => {
    let failures = 1;
    const steps = () =>
      processor({
        first: () => of('a').pipe(delay('1 day')),
        second: [
          { attempts: 2, backoff: 60_000 },
          () => (failures-- > 0 ? throwError(() => new Error('once')) : of('end')),
        ],
      });
    const world = new World();
    const one = await world.machine([steps()]);
    const job = await one.add();
    const waiting = job.result();
    await world.pass(3_600_000);
    await world.until(one.app.close());
    await world.machine([steps()]);
    await expect(world.until(waiting)).resolves.toBe('end');
  });
});

describe('job.getState()', () => {
  it('getState() is where the job is now, not where it was when it was read', async () => {
    const w = await underWay();
    const states = async (job: Job): Promise<string> => job.getState();
    await expect(states(w.job)).resolves.toBe('active');
    const queue = w.client.queue('elsewhere');
    await expect(states(await queue.add('job', 1))).resolves.toBe('waiting');
    await expect(states(await queue.add('job', 1, { delay: 5 }))).resolves.toBe('delayed');
    await expect(states(await queue.add('job', 1, { priority: 5 }))).resolves.toBe('prioritized');
    w.source.complete();
    await w.settle();
    await expect(states(w.job)).resolves.toBe('completed');
  });
});
