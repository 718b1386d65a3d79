import { NEVER, Observable, Subject, of } from 'rxjs';
import {
  DelayedError,
  Queue,
  StoreUnavailableError,
  Worker,
  type Engine,
  type Job,
  type StoreOptions,
  type WorkerFunction,
  type WorkerOptions,
} from 'stepstream';
import { World } from '../support/world.js';

/** An engine whose answers to one method are held back until they are let go; what it is asked is done at once. */
function holdingBack(
  engine: Engine,
  method: keyof Engine,
): { engine: Engine; letGo: () => void; asked: Promise<void> } {
  let letGo!: () => void;
  let wasAsked!: () => void;
  const gone = new Promise<void>((resolve) => (letGo = resolve));
  const asked = new Promise<void>((resolve) => (wasAsked = resolve));
  const held = new Proxy(engine, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key);
      if (key !== method || typeof member !== 'function') return member;
      return async (...args: unknown[]) => {
        wasAsked();
        let outcome: () => unknown;
        try {
          const value: unknown = Reflect.apply(member, target, args);
          outcome = () => value;
        } catch (error) {
          outcome = () => {
            throw error;
          };
        }
        await gone;
        return outcome();
      };
    },
  });
  return { engine: held, letGo, asked };
}

let world: World;
let errors: Error[];
let workers: Worker[];
const ends: (() => Promise<unknown>)[] = [];
beforeEach(() => {
  world = new World();
  errors = [];
  workers = [];
});
afterEach(async () => {
  for (const worker of workers) void worker.close(true);
  await world.pass(60_000);
  await Promise.all(ends.splice(0).map((end) => end()));
});

function work(run: WorkerFunction, options: WorkerOptions = {}, store: StoreOptions = {}): Worker {
  const worker = new Worker('q', run, { connection: world.engine, ...store, ...options });
  worker.on('error', (error) => errors.push(error));
  workers.push(worker);
  return worker;
}

function queue(): Queue {
  return new Queue('q', { connection: world.engine });
}

async function outcomeOf(job: Job): Promise<unknown> {
  return world.until(job.result().catch((error: unknown) => error));
}

/** A stream that never ends, and tells what becomes of it. */
function endless(first?: unknown) {
  const seen = { subscribed: 0, unsubscribed: 0 };
  const stream = new Observable<unknown>((subscriber) => {
    seen.subscribed++;
    if (first !== undefined) subscriber.next(first);
    return () => void seen.unsubscribed++;
  });
  return { seen, stream };
}

describe('a stream', () => {
  it('I11: is unsubscribed when what it emitted can not be saved: its job has failed', async () => {
    const { seen, stream } = endless(1n);
    work(() => stream);
    const job = await queue().add('job', null);
    await expect(outcomeOf(job)).resolves.toMatchObject({ code: 'UNSERIALIZABLE_VALUE' });
    expect(seen).toEqual({ subscribed: 1, unsubscribed: 1 });
  });

  it('W2: that comes after the lease was lost is not subscribed', async () => {
    const { seen, stream } = endless();
    let come!: () => void;
    const coming = new Promise<Observable<unknown>>((resolve) => (come = () => resolve(stream)));
    let signal: AbortSignal | undefined;
    work((_job, _token, given) => {
      signal = given;
      return coming;
    });
    const job = await queue().add('job', null);
    await world.when(() => signal !== undefined);
    await job.cancel('enough');
    await world.when(() => signal!.aborted);
    come();
    await world.settle();
    expect(seen.subscribed).toBe(0);
  });

  it('that comes after its job was cancelled here is not subscribed, and the job fails', async () => {
    const { seen, stream } = endless();
    let come!: () => void;
    const coming = new Promise<Observable<unknown>>((resolve) => (come = () => resolve(stream)));
    const worker = work(() => coming);
    const job = await queue().add('job', null);
    await world.when(() => worker.activeCount === 1);
    expect(worker.cancelJob(job.id, 'enough')).toBe(true);
    come();
    await expect(outcomeOf(job)).resolves.toMatchObject({ code: 'JOB_CANCELLED', message: 'enough' });
    expect(seen.subscribed).toBe(0);
  });

  it('is cancelled by a listener that hears that its job begins', async () => {
    const { seen, stream } = endless();
    const worker = work(() => stream);
    worker.on('active', (job) => worker.cancelJob(job.id, 'not this one'));
    const job = await queue().add('job', null);
    await expect(outcomeOf(job)).resolves.toMatchObject({ code: 'JOB_CANCELLED' });
    expect(seen.subscribed - seen.unsubscribed).toBe(0);
  });

  it('is cancelled by what it emits at once', async () => {
    let torn = 0;
    const worker: Worker = work(
      (job) =>
        new Observable((subscriber) => {
          worker.cancelJob(job.id, 'from within');
          subscriber.next(1);
          return () => void torn++;
        }),
    );
    const job = await queue().add('job', null);
    await expect(outcomeOf(job)).resolves.toMatchObject({ code: 'JOB_CANCELLED' });
    expect(torn).toBe(1);
  });

  it('I12: goes on when the store can not be reached for an emission, which is saved with the next', async () => {
    let refusals = 0;
    const engine = new Proxy(world.engine, {
      get: (target, key) =>
        key === 'updateProgress' && refusals === 0
          ? async () => {
              refusals++;
              throw new StoreUnavailableError('away');
            }
          : (Reflect.get(target, key) as unknown),
    });
    const source = new Subject<string>();
    const worker = work(() => source, {}, { connection: engine });
    const job = await queue().add('job', null);
    await world.when(() => worker.activeCount === 1);
    source.next('a');
    await world.settle();
    source.complete();
    await expect(outcomeOf(job)).resolves.toBe('a');
    expect({ refusals, errors }).toEqual({ refusals: 1, errors: [] });
  });

  it('S3: its last emission, which is saved with the result, is told to the listeners of the worker, too', async () => {
    const worker = work(() => of(1, 2, 3));
    const told: unknown[] = [];
    worker.on('progress', (_job, progress) => told.push(progress));
    const job = await queue().add('job', null);
    await outcomeOf(job);
    expect(told).toEqual([3]);
  });
});

describe('what a function answers', () => {
  it.each([
    [
      'a proxy that throws whatever it is asked',
      () =>
        new Proxy(
          {},
          {
            has: () => {
              throw new Error('trap');
            },
          },
        ),
    ],
    ['an iterable without an iterator', () => ({ [Symbol.asyncIterator]: undefined })],
  ])('X11: %s fails its own job only', async (_what, answer) => {
    for (const run of [answer, async () => answer()]) {
      const worker = work(((job: Job) =>
        job.name === 'bad' ? run() : Promise.resolve('done')) as unknown as WorkerFunction);
      const bad = await queue().add('bad', null);
      const good = await queue().add('good', null);
      await expect(outcomeOf(good)).resolves.toBe('done');
      await expect(outcomeOf(bad)).resolves.toBeInstanceOf(Error);
      await worker.close();
    }
  });
});

describe('a move that is on its way', () => {
  it('W2: is waited for when the function throws DelayedError at once', async () => {
    const { engine, letGo, asked } = holdingBack(world.engine, 'moveToDelayed');
    const worker = work(
      async (job, token) => {
        void job.moveToDelayed(world.clock.now() + 3_600_000, token);
        throw new DelayedError();
      },
      {},
      { connection: engine },
    );
    const failed: unknown[] = [];
    worker.on('failed', (_job, error) => failed.push(error.message));
    const job = await queue().add('job', null);
    await world.until(asked);
    await world.settle();
    letGo();
    await world.settle();
    await expect(job.getState()).resolves.toBe('delayed');
    expect({ failed, errors, active: worker.activeCount }).toEqual({ failed: [], errors: [], active: 0 });
  });

  it.each(['moveToDelayed', 'moveToWaitingChildren'] as const)(
    'a timeout that comes before the answer to %s leaves the job moved',
    async (method) => {
      const { engine, letGo, asked } = holdingBack(world.engine, method);
      const worker = work(
        async (job, token) => {
          if (method === 'moveToDelayed') await job.moveToDelayed(world.clock.now() + 3_600_000, token);
          else {
            await queue().add('child', null, {
              parent: { id: job.id, queue: job.queueQualifiedName },
              delay: 3_600_000,
            });
            await job.moveToWaitingChildren(token);
          }
          throw new DelayedError();
        },
        { timeout: 100 },
        { connection: engine },
      );
      const failed: unknown[] = [];
      worker.on('failed', (_job, error) => failed.push(error.message));
      worker.on('lockRenewalFailed', (ids) => failed.push(ids));
      const job = await queue().add('job', null);
      await world.until(asked);
      await world.pass(200);
      letGo();
      await world.settle();
      expect({ failed, errors, active: worker.activeCount }).toEqual({ failed: [], errors: [], active: 0 });
      await expect(job.getState()).resolves.toBe(method === 'moveToDelayed' ? 'delayed' : 'waiting-children');
    },
  );

  it('W4: a close that comes before its answer leaves the job moved', async () => {
    const { engine, letGo, asked } = holdingBack(world.engine, 'moveToDelayed');
    const worker = work(
      async (job, token) => {
        await job.moveToDelayed(world.clock.now() + 3_600_000, token);
        throw new DelayedError();
      },
      {},
      { connection: engine },
    );
    const told: unknown[] = [];
    worker.on('lockRenewalFailed', (ids) => told.push(ids));
    const job = await queue().add('job', null);
    await world.until(asked);
    const closed = worker.close(true);
    await world.settle();
    letGo();
    await world.until(closed);
    expect({ told, errors }).toEqual({ told: [], errors: [] });
    await expect(job.getState()).resolves.toBe('delayed');
  });
});

describe('a function that goes on after it has moved its job', () => {
  it('gives its slot back when its time is over', async () => {
    let signal: AbortSignal | undefined;
    const worker = work(
      async (job, token, given) => {
        signal = given;
        await job.moveToDelayed(world.clock.now() + 3_600_000, token);
        await new Promise(() => {});
      },
      { timeout: 100 },
    );
    const job = await queue().add('job', null);
    await world.when(() => signal !== undefined);
    await world.pass(200);
    expect(signal!.aborted).toBe(true);
    expect(worker.activeCount).toBe(0);
    await expect(job.getState()).resolves.toBe('delayed');
  });
});

describe('a backoff of one’s own', () => {
  it.each([
    ['answers NaN', () => NaN],
    ['answers nothing', () => undefined as unknown as number],
    [
      'throws',
      () => {
        throw new Error('no strategy');
      },
    ],
  ])('that %s is reported, and the job is tried again as its options say', async (_what, backoffStrategy) => {
    let tries = 0;
    work(
      async () => {
        if (++tries === 1) throw new Error('once');
        return 'done';
      },
      { settings: { backoffStrategy } },
    );
    const job = await queue().add('job', null, { attempts: 2, backoff: { type: 'mine' } });
    await expect(outcomeOf(job)).resolves.toBe('done');
    expect(errors).toHaveLength(1);
    expect(world.clock.now()).toBeLessThan(1_800_000_001_000);
  });
});

describe("a worker's life", () => {
  it('run() resolves although a listener of "closed" throws, or all listeners were removed', async () => {
    const throwing = work(async () => {}, { autorun: false });
    throwing.on('closed', () => {
      throw new Error('listener');
    });
    const bare = work(async () => {}, { autorun: false });
    const runs = Promise.all([throwing.run(), bare.run()]);
    bare.removeAllListeners();
    await world.until(Promise.all([throwing.close(), bare.close()]));
    await expect(world.until(runs)).resolves.toHaveLength(2);
  });

  it('pause() waits for the jobs that run, each time it is called; resume() ends the waiting, and is told last', async () => {
    const worker = work(() => NEVER);
    const told: string[] = [];
    worker.on('paused', () => told.push('paused')).on('resumed', () => told.push('resumed'));
    await queue().add('job', null);
    await world.when(() => worker.activeCount === 1);
    let waits = 2;
    const pauses = Promise.all([worker.pause().then(() => waits--), worker.pause().then(() => waits--)]);
    await world.settle();
    expect(waits).toBe(2);
    await worker.resume();
    await world.until(pauses);
    expect(told).toEqual(['resumed']);
  });

  it('W4: a second close with less grace is heard', async () => {
    const { seen, stream } = endless();
    const worker = work(() => stream);
    const job = await queue().add('job', null);
    await world.when(() => seen.subscribed === 1);
    const closes = Promise.all([worker.close(), worker.close({ grace: '5 s' })]);
    await world.until(closes);
    await expect(job.getState()).resolves.toBe('waiting');
    expect(seen.unsubscribed).toBe(1);
  });
});
