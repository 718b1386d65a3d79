import { once } from 'node:events';
import { NEVER, Observable, Subject, concat, of } from 'rxjs';
import {
  ChildFailedError,
  DelayedError,
  FlowProducer,
  LeaseLostError,
  Queue,
  UnrecoverableError,
  WaitingChildrenError,
  Worker,
  memoryEngine,
  type Job,
  type StoreOptions,
  type WorkerFunction,
  type WorkerOptions,
} from 'stepstream';
import { useRedis } from '../support/use-redis.js';

const server = useRedis();
const ends: (() => Promise<unknown>)[] = [];
afterEach(() => Promise.all(ends.splice(0).map((end) => end())));

let names = 0;

/** A queue of its own, on the store of the engine under test. */
class Site {
  readonly name = `work-${++names}`;
  readonly queue: Queue;
  readonly errors: Error[] = [];

  constructor(readonly store: StoreOptions) {
    this.queue = this.open(new Queue(this.name, store));
  }

  open<T extends { close(): Promise<unknown> }>(opened: T): T {
    ends.push(() => opened.close());
    return opened;
  }

  worker(run: WorkerFunction, options: WorkerOptions = {}, queue = this.name): Worker {
    const worker = new Worker(queue, run, { ...this.store, ...options });
    worker.on('error', (error) => this.errors.push(error));
    ends.push(() => worker.close(true));
    return worker;
  }
}

describe.each([
  ['memory', () => ({ connection: memoryEngine() })],
  ['redis', () => ({ connection: server().url })],
] as const)("a worker's function on the %s engine", (_engine, store) => {
  let site: Site;
  beforeEach(() => {
    site = new Site(store());
  });

  describe('its result', () => {
    it("a promise's value is the job's result", async () => {
      site.worker(async (job) => ({ doubled: job.data.n * 2 }));
      const job = await site.queue.add('double', { n: 21 });
      await expect(job.result()).resolves.toEqual({ doubled: 42 });
      await expect(job.waitUntilFinished(undefined, 60_000)).resolves.toEqual({ doubled: 42 });
    });

    it.each([
      ['an Observable', () => of(1, 2, 3)],
      ['an Observable that comes later', async () => of(1, 2, 3)],
      [
        'an async iterable',
        async function* () {
          yield* [1, 2, 3];
        },
      ],
    ])('of %s the last emission is the result', async (_what, run) => {
      site.worker(run as WorkerFunction);
      await expect((await site.queue.add('count', null)).result()).resolves.toBe(3);
    });

    it('each emission of an Observable is saved as progress, and told', async () => {
      const source = new Subject<string>();
      const worker = site.worker(() => source, { autorun: false });
      const job = await site.queue.add('job', null);
      const progress: unknown[] = [];
      const seen = new Subject<unknown>();
      job.progress$.subscribe((each) => {
        progress.push(each);
        seen.next(each);
      });
      const active = once(worker, 'active');
      void worker.run();
      await active;
      for (const emission of ['a', 'b']) {
        const heard = new Promise((resolve) => seen.subscribe(resolve));
        source.next(emission);
        await heard;
        expect((await site.queue.getJob(job.id))!.progress).toBe(emission);
      }
      source.complete();
      await expect(job.result()).resolves.toBe('b');
      expect(progress.slice(0, 2)).toEqual(['a', 'b']);
    });

    it('what it saves of the job is told to the listeners of the worker, with the job that it was given', async () => {
      let given: Job | undefined;
      const worker = site.worker(
        async (job) => {
          given = job;
          await job.updateProgress({ percent: 50 });
          await job.updateData({ step: 2 });
          await job.log('half');
          return 'done';
        },
        { name: 'w1' },
      );
      const told = Promise.all([once(worker, 'progress'), once(worker, 'completed')]);
      const job = await site.queue.add('job', { step: 1 });
      const [[inProgress, progress], [completed, result]] = await told;
      expect([inProgress, completed]).toEqual([given, given]);
      expect([progress, result]).toEqual([{ percent: 50 }, 'done']);
      expect(given).toMatchObject({ data: { step: 2 }, progress: { percent: 50 }, returnvalue: 'done' });
      const stored = (await site.queue.getJob(job.id))!;
      expect(stored).toMatchObject({ data: { step: 2 }, processedBy: 'w1', attemptsMade: 1 });
      await expect(stored.getLogs()).resolves.toEqual({ logs: ['half'], count: 1 });
    });
  });

  describe('moveToDelayed', () => {
    it('lets the job run again when it is due; the function that moved it may still save what comes next', async () => {
      const steps: unknown[] = [];
      site.worker(async (job, token) => {
        steps.push(job.data.step);
        if (job.data.step === 2) return 'done';
        await job.moveToDelayed(Date.now() + 1, token);
        await job.updateData({ step: 2 });
        throw new DelayedError();
      });
      await expect((await site.queue.add('job', { step: 1 })).result()).resolves.toBe('done');
      expect(steps).toEqual([1, 2]);
    });

    it("W1: is refused with a token that isn't the job's, and the job goes on", async () => {
      let refusal: unknown;
      site.worker(async (job) => {
        refusal = await job.moveToDelayed(Date.now(), 'another').catch((error: unknown) => error);
        return 'done';
      });
      await expect((await site.queue.add('job', null)).result()).resolves.toBe('done');
      expect(refusal).toBeInstanceOf(LeaseLostError);
    });

    it('is refused to those who do not run the job', async () => {
      const job = await site.queue.add('job', null);
      await expect(job.moveToDelayed(Date.now(), 'token')).rejects.toBeInstanceOf(LeaseLostError);
      await expect(job.moveToWaitingChildren('token')).rejects.toBeInstanceOf(LeaseLostError);
    });

    it('DelayedError without it fails the job, and says what is missing', async () => {
      site.worker(async () => {
        throw new DelayedError();
      });
      const job = await site.queue.add('job', null);
      await expect(job.result()).rejects.toThrow('job.moveToDelayed(timestamp, token) comes first');
    });

    it('an error that the function throws after it is reported, and the job stays delayed', async () => {
      const worker = site.worker(async (job, token) => {
        await job.moveToDelayed(Date.now() + 60_000, token);
        throw new Error('late');
      });
      const reported = once(worker, 'error');
      const job = await site.queue.add('job', null);
      await expect(reported).resolves.toMatchObject([{ message: 'late' }]);
      await expect(job.getState()).resolves.toBe('delayed');
      expect((await site.queue.getJob(job.id))!.attemptsMade).toBe(0);
    });
  });

  describe('moveToWaitingChildren', () => {
    const addChild = (job: Job, data: unknown, opts: object = {}, group?: string): Promise<Job> =>
      site.queue.add('child', data, {
        parent: { id: job.id, queue: job.queueQualifiedName, ...(group && { group }) },
        ...opts,
      });

    it('lets the job run again when its children are done, and gives it their results', async () => {
      site.worker(
        async (job, token) => {
          if (job.name === 'child') return job.data * 2;
          if (!job.data.added) {
            for (const n of [1, 2]) await addChild(job, n);
            await job.updateData({ added: true });
          }
          if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
          return Object.values(await job.getChildrenValues()).toSorted((a, b) => a - b);
        },
        { concurrency: 2 },
      );
      await expect((await site.queue.add('parent', {})).result()).resolves.toEqual([2, 4]);
    });

    it('C5: waits for a round of its own, if it asks for it', async () => {
      const rounds: unknown[] = [];
      const late = new Subject<number>();
      site.worker(
        (job, token) => {
          if (job.name === 'child') return job.data === 'late' ? late : of(job.data);
          const run = async (): Promise<unknown> => {
            const { round = 0 } = job.data;
            if (round === 0) await addChild(job, 'late');
            if (round > 0) rounds.push(Object.values(await job.getChildrenValues({ group: `round-${round}` })));
            if (round === 2) {
              late.next(0);
              late.complete();
              return 'done';
            }
            await addChild(job, round + 1, {}, `round-${round + 1}`);
            await job.updateData({ round: round + 1 });
            if (await job.moveToWaitingChildren(token, { group: `round-${round + 1}` }))
              throw new WaitingChildrenError();
            return run();
          };
          return run();
        },
        { concurrency: 3 },
      );
      await expect((await site.queue.add('parent', {})).result()).resolves.toBe('done');
      expect(rounds).toEqual([[1], [2]]);
    });

    it('throws when a child has failed whose failure fails the job', async () => {
      site.worker(
        async (job, token) => {
          if (job.name === 'child') throw new UnrecoverableError('broken');
          if (!job.data.added) {
            await addChild(job, 1, { failParentOnFailure: true });
            await job.updateData({ added: true });
          }
          if (await job.moveToWaitingChildren(token)) throw new WaitingChildrenError();
          return 'not reached';
        },
        { concurrency: 2 },
      );
      await expect((await site.queue.add('parent', {})).result()).rejects.toBeInstanceOf(ChildFailedError);
    });

    it('C1: a function that returns before its children are done is not run again: its result waits for them', async () => {
      let runs = 0;
      const child = new Subject<number>();
      const worker = site.worker(
        (job) => {
          if (job.name === 'child') return child;
          return (async () => {
            runs++;
            await addChild(job, 1);
            return 'returned';
          })();
        },
        { concurrency: 2 },
      );
      const active = new Promise<void>((resolve) =>
        worker.on('active', (job) => void (job.name === 'child' && resolve())),
      );
      const job = await site.queue.add('parent', {});
      await active;
      child.complete();
      await expect(job.result()).resolves.toBe('returned');
      expect(runs).toBe(1);
    });
  });

  describe('errors', () => {
    it('are tried again as often as the job says, then the job fails with the last one', async () => {
      let tries = 0;
      site.worker(async () => {
        throw new Error(`try ${++tries}`);
      });
      const job = await site.queue.add('job', null, { attempts: 3 });
      await expect(job.result()).rejects.toThrow('try 3');
      expect(await site.queue.getJob(job.id)).toMatchObject({ attemptsMade: 3, stacktrace: { length: 3 } });
    });

    it('UnrecoverableError fails at once, also one of that name that another library made', async () => {
      site.worker(async () => {
        throw Object.assign(new Error('no'), { name: 'UnrecoverableError' });
      });
      const job = await site.queue.add('job', null, { attempts: 3 });
      await expect(job.result()).rejects.toThrow('no');
      expect((await site.queue.getJob(job.id))!.attemptsMade).toBe(1);
    });

    it('a backoff of one’s own is what the strategy says; -1 ends it', async () => {
      const asked: unknown[] = [];
      const backoffStrategy = (attempt: number, type: string, error: Error): number => {
        asked.push([attempt, type, error.message]);
        return attempt === 1 ? 0 : -1;
      };
      site.worker(
        async () => {
          throw new Error('no');
        },
        { settings: { backoffStrategy } },
      );
      const job = await site.queue.add('job', null, { attempts: 5, backoff: { type: 'mine' } });
      await expect(job.result()).rejects.toThrow('no');
      expect(asked).toEqual([
        [1, 'mine', 'no'],
        [2, 'mine', 'no'],
      ]);
    });

    it('a rate limit puts the job back without an attempt counted', async () => {
      let tries = 0;
      const worker: Worker = site.worker(async () => {
        if (++tries > 1) return 'done';
        await worker.rateLimit(1);
        throw Worker.RateLimitError();
      });
      const job = await site.queue.add('job', null);
      await expect(job.result()).resolves.toBe('done');
      expect((await site.queue.getJob(job.id))!.attemptsMade).toBe(1);
    });

    it('what can not be stored fails the job, with the path', async () => {
      site.worker(async () => ({ n: NaN }));
      await expect((await site.queue.add('job', null)).result()).rejects.toMatchObject({
        code: 'UNSERIALIZABLE_VALUE',
        message: expect.stringContaining('$.n'),
      });
    });

    it('maxStartedAttempts fails a job that was started more often, whatever for', async () => {
      let runs = 0;
      site.worker(
        async (job, token) => {
          runs++;
          await job.moveToDelayed(Date.now(), token);
          throw new DelayedError();
        },
        { maxStartedAttempts: 3 },
      );
      const job = await site.queue.add('job', null);
      await expect(job.result()).rejects.toMatchObject({ code: 'UNRECOVERABLE' });
      expect(runs).toBe(3);
    });
  });

  describe('an end from outside', () => {
    /** A stream that never ends by itself, and tells what becomes of it. */
    function endless() {
      const heard: string[] = [];
      const stopped = new Subject<void>();
      const run: WorkerFunction = (_job, _token, signal) =>
        concat(
          of('begun'),
          new Observable<never>(() => () => {
            heard.push(signal.aborted ? 'unsubscribed, aborted' : 'unsubscribed');
            stopped.next();
          }),
        );
      return { heard, run, stopped: new Promise<void>((resolve) => stopped.subscribe(resolve)) };
    }

    it('W5: job.cancel() unsubscribes a stream', async () => {
      const { heard, run, stopped } = endless();
      const worker = site.worker(run, { lockDuration: 1_000 });
      const active = once(worker, 'active');
      const job = await site.queue.add('job', null);
      await active;
      await expect(job.cancel('enough')).resolves.toBe(true);
      await expect(job.result()).rejects.toMatchObject({ code: 'JOB_CANCELLED', message: 'enough' });
      await stopped;
      expect(heard).toEqual(['unsubscribed, aborted']);
    });

    it('worker.cancelJob() unsubscribes a stream, and its job fails', async () => {
      const { heard, run } = endless();
      const worker = site.worker(run);
      const active = once(worker, 'active');
      const job = await site.queue.add('job', null, { attempts: 5 });
      await active;
      const failed = once(worker, 'failed');
      expect(worker.cancelJob(job.id, 'enough')).toBe(true);
      await failed;
      await expect(job.result()).rejects.toMatchObject({ code: 'JOB_CANCELLED', message: 'enough' });
      expect(heard).toEqual(['unsubscribed, aborted']);
      expect(worker.cancelJob(job.id)).toBe(false);
    });

    it('a timeout aborts the signal, unsubscribes, and counts an attempt', async () => {
      const { heard, run } = endless();
      site.worker(run, { timeout: 1 });
      const job = await site.queue.add('job', null, { attempts: 2 });
      await expect(job.result()).rejects.toMatchObject({ code: 'JOB_TIMEOUT' });
      expect(heard).toEqual(['unsubscribed, aborted', 'unsubscribed, aborted']);
      expect((await site.queue.getJob(job.id))!.attemptsMade).toBe(2);
    });

    it('W4: close(true) unsubscribes, and puts the job back without an attempt counted', async () => {
      const { heard, run } = endless();
      const worker = site.worker(run);
      const active = once(worker, 'active');
      const job = await site.queue.add('job', null);
      await active;
      await worker.close(true);
      expect(heard).toEqual(['unsubscribed, aborted']);
      expect(await site.queue.getJob(job.id)).toMatchObject({ attemptsMade: 0 });
      await expect(job.getState()).resolves.toBe('waiting');
    });

    it('close() waits for what runs', async () => {
      const source = new Subject<string>();
      const worker = site.worker(() => source);
      const active = once(worker, 'active');
      const job = await site.queue.add('job', null);
      await active;
      const closed = worker.close();
      source.next('last');
      source.complete();
      await closed;
      await expect(job.result()).resolves.toBe('last');
    });
  });

  describe('the life of its worker', () => {
    it('takes no jobs while it is paused, and goes on when it is resumed', async () => {
      const worker = site.worker(async () => 'done');
      await worker.pause();
      expect(worker.isPaused()).toBe(true);
      const job = await site.queue.add('job', null);
      await expect(job.getState()).resolves.toBe('waiting');
      await worker.resume();
      await expect(job.result()).resolves.toBe('done');
    });

    it('pause() resolves when its jobs have ended', async () => {
      const source = new Subject<string>();
      const worker = site.worker(() => source);
      const active = once(worker, 'active');
      await site.queue.add('job', null);
      await active;
      let paused = false;
      const pausing = worker.pause().then(() => (paused = true));
      await site.queue.getJobCounts();
      expect(paused).toBe(false);
      source.complete();
      await pausing;
      expect(worker.activeCount).toBe(0);
    });

    it('takes as many jobs at a time as its concurrency says, also when that changes', async () => {
      const worker = site.worker(() => NEVER);
      const actives = (count: number): Promise<void> =>
        new Promise((resolve) => {
          let active = worker.activeCount;
          worker.on('active', () => void (++active === count && resolve()));
        });
      const first = actives(1);
      await site.queue.addBulk([1, 2, 3].map((data) => ({ name: 'job', data })));
      await first;
      expect(worker.activeCount).toBe(1);
      const three = actives(3);
      worker.concurrency = 3;
      await three;
      expect(worker.activeCount).toBe(3);
      expect(() => (worker.concurrency = 0)).toThrow('concurrency must be a whole number from 1 up');
    });

    it('with autorun off it begins when it is run, once', async () => {
      const worker = site.worker(async () => 'done', { autorun: false });
      const job = await site.queue.add('job', null);
      expect(worker.isRunning()).toBe(false);
      const running = worker.run();
      await expect(worker.run()).rejects.toMatchObject({ code: 'QUEUE_STATE' });
      await expect(job.result()).resolves.toBe('done');
      await worker.close();
      await running;
    });

    it('runs a flow from its leaves up', async () => {
      const order: string[] = [];
      const pages = `${site.name}-pages`;
      site.worker(async (job) => {
        order.push(job.name);
        return Object.values(await job.getChildrenValues()).toSorted((a, b) => a - b);
      });
      site.worker(
        async (job) => {
          order.push(`page ${job.data}`);
          return job.data;
        },
        {},
        pages,
      );
      const flow = site.open(new FlowProducer(site.store));
      const { job, children } = await flow.add({
        name: 'book',
        queueName: site.name,
        children: [1, 2].map((data) => ({ name: 'page', queueName: pages, data })),
      });
      await expect(job.result()).resolves.toEqual([1, 2]);
      expect(order).toEqual(['page 1', 'page 2', 'book']);
      const tree = await flow.getFlow({ id: job.id, queueName: site.name });
      expect(tree!.children!.map((child) => child.job.id).toSorted()).toEqual(
        children!.map((child) => child.job.id).toSorted(),
      );
    });
  });
});

describe('without a connection', () => {
  it('queues and workers of one process share an embedded engine', async () => {
    const worker = new Worker('shared', async (job) => job.data);
    const queue = new Queue('shared');
    await expect((await queue.add('job', 'found')).result()).resolves.toBe('found');
    await worker.close();
    await queue.close();
  });
});

describe('bad input', () => {
  it.each([
    ['a name', () => new Worker('a:b', async () => 1), 'INVALID_NAME'],
    ['no function', () => new Worker('work', './file.js' as never), 'INVALID_OPTION'],
    [
      'an option that there is not',
      () => new Worker('work', async () => 1, { drainDelay: 5 } as never),
      'UNKNOWN_OPTION',
    ],
    ['concurrency', () => new Worker('work', async () => 1, { concurrency: 0 }), 'INVALID_OPTION'],
    ['limiter', () => new Worker('work', async () => 1, { limiter: { max: 1 } as never }), 'INVALID_OPTION'],
    ['a connection', () => new Worker('work', async () => 1, { connection: 'localhost' }), 'INVALID_OPTION'],
    ["a queue's option", () => new Queue('work', { defaultJobOptions: { delay: -1 } }), 'INVALID_OPTION'],
  ])('refuses %s', (_what, make, code) => {
    let refusal: unknown;
    try {
      make();
    } catch (error) {
      refusal = error;
    }
    expect(refusal).toMatchObject({ code: 'CONFIGURATION', faults: [{ code }] });
  });
});
