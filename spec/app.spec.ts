import { of, type Observable } from 'rxjs';
import {
  ClosedError,
  ConfigurationError,
  Processor,
  Queue,
  ResolveError,
  Step,
  UnknownProcessorError,
  createApp,
  jsonCodec,
  memoryEngine,
  type App,
  type Class,
  type Engine,
  type ProcessorOptions,
  type StepJob,
} from 'stepstream';
import { container } from 'tsyringe';
import { codesOf, faultsOf, faultsThrownBy } from './support/faults.js';
import { processor } from './support/processor.js';
import { start, World } from './support/world.js';

/** No processor. */
class Bare {
  readonly member = 1;
}

const quiet = { warn: () => {}, error: () => {} };

/** Names that a queue, a step or a job can't have. */
const badNames = [
  'a:b',
  'a{b',
  'a}b',
  'a*b',
  'a?b',
  'a[b]',
  'a b',
  'a\tb',
  'a\n',
  'ä',
  '',
  'x'.repeat(129),
  undefined,
  null,
  5,
  {},
  ['a'],
];
/** Names that look odd and are fine. */
const goodNames = ['a', '0', '__proto__', 'constructor', 'a/b#c.d-e_f', 'x'.repeat(128)];

function declared(queue: unknown, options?: unknown): Class {
  return processor({ step: () => of(1) }, { queue: queue as string, ...(options as ProcessorOptions) });
}

describe('createApp', () => {
  it('reports all faults together in one ConfigurationError, with stable codes, class and method', () => {
    class NoProcessor {
      @Step() step(): Observable<number> {
        return of(1);
      }
    }
    @Processor('empty')
    class NoSteps {
      readonly member = 1;
    }
    @Processor('one', { concurrency: 5 })
    class First {
      @Step() @Step() twice(): Observable<number> {
        return of(1);
      }
      @Step() static fixed(): Observable<number> {
        return of(1);
      }
    }
    @Processor('one', { concurrency: 6 })
    class Second {
      @Step({ attempts: 0, timeout: 'soon', retries: 3 } as never) step(): Observable<number> {
        return of(1);
      }
      @Step({ after: 'other' as 'step' }) misplaced(): Observable<number> {
        return of(1);
      }
    }
    const processors = [NoProcessor, NoSteps, First, Second, undefined, First];
    const options = { processors, prefix: 'a:b', colour: 'red' };
    expect(() => createApp(options as never)).toThrow(ConfigurationError);
    expect(codesOf(options)).toEqual([
      'INVALID_OPTION createApp',
      'UNKNOWN_OPTION createApp',
      'NOT_A_PROCESSOR NoProcessor',
      'NO_STEPS NoSteps',
      'DUPLICATE_STEP First.twice',
      'STEP_ON_WRONG_TARGET First.fixed',
      'INVALID_OPTION Second.step',
      'INVALID_OPTION Second.step',
      'UNKNOWN_OPTION Second.step',
      'STEP_ORDER Second.misplaced',
      'NOT_A_PROCESSOR processors[4]',
      'DUPLICATE_PROCESSOR processors[5]',
      'DUPLICATE_PROCESSOR queue "one"',
      'WORKER_OPTIONS_DIFFER queue "one"',
    ]);
  });

  it('says in its message what is wrong where, and what to do', () => {
    @Processor('orders')
    class Orders {
      @Step() charge(): Observable<number> {
        return of(1);
      }
      @Step({ after: 'chrage' as 'charge' }) ship(): Observable<number> {
        return of(1);
      }
    }
    expect(() => createApp({ processors: [Orders] })).toThrow(
      'The app has mistakes:\n' +
        '  - Orders.ship: after: "chrage" is wrong, the step stands directly after "charge": ' +
        'correct it, or move the method [STEP_ORDER]',
    );
  });

  it.each([undefined, null, 5, 'text', {}, [], Object.create(null), Symbol('s')])(
    'reports %p in the place of a processor, as two modules that import each other make it',
    (entry) => {
      expect(codesOf({ processors: [entry] })).toEqual(['NOT_A_PROCESSOR processors[0]']);
    },
  );

  it.each([() => {}, function plain() {}, Bare])('reports a function or class that is no processor: %p', (entry) => {
    const codes = codesOf({ processors: [entry] });
    expect(codes.map((code) => code.split(' ')[0])).toEqual(['NOT_A_PROCESSOR', 'NO_STEPS']);
  });

  it('what is wrong on its own clashes with nothing', () => {
    const nobody = Symbol('no name');
    const sameQueue = [declared(nobody), declared(nobody)];
    const sameJob = [declared('q', { job: [nobody] }), declared('q', { job: [nobody] })];
    const differing = [declared('r', { job: 'a', concurrency: nobody }), declared('r', { job: 'b', concurrency: 5 })];
    expect(codesOf({ processors: [...sameQueue, ...sameJob, ...differing] })).toEqual([
      'INVALID_NAME Made',
      'INVALID_NAME Made',
      'INVALID_OPTION Made',
      'INVALID_OPTION Made',
      'INVALID_OPTION Made',
    ]);
  });

  it.each([null, 5, 'text', [], [{}]])('reports options that are no object: %p', (options) => {
    expect(codesOf(options)).toEqual(['INVALID_OPTION createApp']);
  });

  describe('X1: names', () => {
    it.each(badNames)('refuses a queue named %p', (name) => {
      expect(codesOf({ processors: [declared(name ?? null)] })).toEqual(['INVALID_NAME Made']);
    });

    it.each(badNames.filter((name) => typeof name === 'string'))('refuses a step named %p', (name) => {
      const codes = codesOf({ processors: [processor({ [name]: () => of(1) })] });
      expect(codes).toEqual([`INVALID_NAME Made.${name}`]);
    });

    it.each([...badNames.filter((name) => name !== undefined && !Array.isArray(name)), [], ['a', 'b:c'], [5]])(
      'refuses a processor whose `job` is %p',
      (job) => {
        expect(codesOf({ processors: [declared('q', { job })] })).toEqual(['INVALID_OPTION Made']);
      },
    );

    it.each(goodNames)('takes a queue, a job and a step named %p', (name) => {
      const made = processor({ step: [{ was: [name] }, () => of(1)] }, { queue: name, job: name });
      expect(codesOf({ processors: [made] })).toEqual([]);
      expect(createApp({ processors: [made] }).queue(made).name).toBe(name);
    });

    it.each(['', ':', 'a:b', 'a b', '{', '}', '{}', '}{', '{a}{b}', 'a{b{c}}', '*', 'x'.repeat(129), 5, null])(
      'refuses the prefix %p',
      (prefix) => {
        expect(codesOf({ prefix })).toEqual(['INVALID_OPTION createApp']);
      },
    );

    it.each(['bull', '{bull}', 'a{b}', '{a}b', 'a/b', 'x'.repeat(128)])('takes the prefix %p', (prefix) => {
      expect(codesOf({ prefix })).toEqual([]);
    });

    it.each(['then'])('refuses a method named %s: whoever awaits the instance would run it', (name) => {
      expect(codesOf({ processors: [processor({ [name]: () => of(1) })] })).toEqual(['INVALID_NAME Made.then']);
    });
  });

  describe('options', () => {
    it.each([
      { concurrency: 0 },
      { concurrency: 1.5 },
      { concurrency: '5' },
      { concurrency: Infinity },
      { lockDuration: 0 },
      { lockDuration: -1 },
      { lockDuration: 0.5 },
      { lockDuration: NaN },
      { lockDuration: '10 s' },
      { stalledInterval: 0 },
      { stalledInterval: null },
      { maxStalledCount: -1 },
      { maxStalledCount: 0.5 },
      { parkAfter: -1 },
      { parkAfter: Infinity },
      { unknownStepGrace: -1 },
      { unknownStepGrace: '10 m' },
    ])('of @Processor: refuses %p', (options) => {
      expect(codesOf({ processors: [declared('q', options)] })).toEqual(['INVALID_OPTION Made']);
    });

    it.each([
      { attempts: 0 },
      { attempts: 1.5 },
      { attempts: '3' },
      { backoff: -1 },
      { backoff: 'fixed' },
      { backoff: { type: 'linear', delay: 1 } },
      { backoff: { type: 'fixed' } },
      { backoff: { type: 'fixed', delay: 1, jitter: 2 } },
      { backoff: { type: 'fixed', delay: 1, other: 2 } },
      { timeout: 0 },
      { timeout: -1 },
      { timeout: NaN },
      { timeout: 'soon' },
      { timeout: new Date(0) },
      { was: 'old' },
      { was: ['a:b'] },
      { was: [5] },
      { after: 5 },
      { after: null },
    ])('of @Step: refuses %p', (options) => {
      expect(codesOf({ processors: [processor({ step: [options as never, () => of(1)] })] })).toEqual([
        'INVALID_OPTION Made.step',
      ]);
    });

    it.each([
      { processors: 'Orders' },
      { processors: null },
      { processors: new Set() },
      { connection: 'localhost:6379' },
      { connection: 6379 },
      { connection: null },
      { resolver: {} },
      { resolver: 5 },
      { codec: {} },
      { codec: { encode: () => '' } },
      { logger: { warn: () => {} } },
      { grace: 'soon' },
    ])('of createApp: refuses %p', (options) => {
      expect(codesOf(options)).toEqual(['INVALID_OPTION createApp']);
    });

    it('takes all that are right', () => {
      const worker = { concurrency: 2, lockDuration: 1, stalledInterval: 1, maxStalledCount: 0, parkAfter: 0 };
      const step = {
        attempts: 1,
        backoff: { type: 'fixed', delay: 0, jitter: 1 },
        timeout: '3 weeks',
        was: [],
      } as const;
      const made = processor({ step: [step, () => of(1)] }, { job: ['a', 'b'], unknownStepGrace: 0, ...worker });
      const options = { processors: [made], resolver: new Map(), codec: jsonCodec, logger: quiet, prefix: 'p' };
      expect(codesOf({ ...options, connection: memoryEngine() })).toEqual([]);
    });

    it('S10: a former name must lead to one step: refuses one that another step has, or had', () => {
      const step = (...was: string[]) => [{ was }, () => of(1)] as const;
      const steps = { first: step('old', 'first', 'old'), second: step('first', 'older'), third: step('old', 'older') };
      const faults = faultsOf({ processors: [processor(steps)] });
      expect(faults.map(({ code, at, message }) => `${code} ${at} ${message.split(':')[1]}`)).toEqual([
        'DUPLICATE_STEP Made.second  "first" leads to the step "first" already',
        'DUPLICATE_STEP Made.third  "old" leads to the step "first" already',
        'DUPLICATE_STEP Made.third  "older" leads to the step "second" already',
      ]);
    });

    it('counts an option that is undefined as absent', () => {
      const options = { concurrency: undefined, lockDuration: undefined, job: undefined };
      const made = processor(
        { step: [{ attempts: undefined, after: undefined } as never, () => of(1)] },
        options as never,
      );
      const all = { prefix: undefined, resolver: undefined, codec: undefined, logger: undefined };
      expect(codesOf({ processors: [made], ...all })).toEqual([]);
      expect(codesOf({ processors: undefined })).toEqual([]);
    });

    it.each([null, 5, 'text', []])('of a decorator that are %p are refused', (options) => {
      class X {
        step(): Observable<number> {
          return of(1);
        }
      }
      const descriptor = Object.getOwnPropertyDescriptor(X.prototype, 'step')!;
      Step(options as never)(X.prototype, 'step', descriptor);
      Processor('q', options as never)(X);
      expect(codesOf({ processors: [X] })).toEqual(['INVALID_OPTION X', 'INVALID_OPTION X.step']);
    });

    it('with the name of a member of Object are unknown options, not inherited ones', () => {
      const options = JSON.parse('{ "constructor": 1, "__proto__": 2, "toString": 3 }') as ProcessorOptions;
      Object.defineProperty(options, '__proto__', { value: 2, enumerable: true });
      class X {
        @Step() step(): Observable<number> {
          return of(1);
        }
      }
      Processor('q', options)(X);
      expect(new Set(codesOf({ processors: [X] }))).toEqual(new Set(['UNKNOWN_OPTION X']));
    });
  });

  describe('several processors of one queue', () => {
    it('refuses two that take every job name, or the same one', () => {
      const every = codesOf({ processors: [declared('q'), declared('q')] });
      const same = faultsOf({ processors: [declared('q', { job: ['a', 'b'] }), declared('q', { job: ['b', 'c'] })] });
      expect(every).toEqual(['DUPLICATE_PROCESSOR queue "q"']);
      expect(same.map(({ code }) => code)).toEqual(['DUPLICATE_PROCESSOR']);
      expect(same[0]!.message).toContain('the job name "b"');
    });

    it('takes one that names a job twice, and one that takes the rest', () => {
      const processors = [declared('q', { job: ['a', 'a'] }), declared('q', { job: 'b' }), declared('q')];
      expect(codesOf({ processors })).toEqual([]);
    });

    it.each([
      'concurrency',
      'lockDuration',
      'stalledInterval',
      'maxStalledCount',
      'parkAfter',
      'unknownStepGrace',
    ] as const)('S10: there is one worker per queue: refuses a %s that differs', (option) => {
      const one = declared('q', { job: 'a', [option]: 5 });
      const other = declared('q', { job: 'b', [option]: 6 });
      const silent = declared('q', { job: 'c' });
      const [fault, ...more] = faultsOf({ processors: [one, silent, other] });
      expect(fault).toMatchObject({ code: 'WORKER_OPTIONS_DIFFER', at: 'queue "q"' });
      expect(fault!.message).toContain(`${option} is 5 in Made, 6 in Made`);
      expect(more).toEqual([]);
      expect(codesOf({ processors: [one, silent, declared('q', { job: 'b', [option]: 5 })] })).toEqual([]);
    });

    it('each takes the jobs of its names, one without `job` those that no other takes', async () => {
      const echo = (by: string) => ({ step: ({ name }: StepJob) => of(`${name} by ${by}`) });
      const processors = [
        processor(echo('rest')),
        processor(echo('named'), { job: ['ship', 'constructor'] }),
        processor(echo('one'), { job: 'charge', concurrency: 3 }),
      ];
      const app = createApp({ processors });
      await app.start();
      const names = ['ship', 'charge', 'other', 'constructor', '__proto__'];
      const jobs = await app.queue('work').addBulk(names.map((name) => ({ name, data: 0 })));
      expect(await Promise.all(jobs.map((job) => job.result()))).toEqual([
        'ship by named',
        'charge by one',
        'other by rest',
        'constructor by named',
        '__proto__ by rest',
      ]);
      expect(processors.map((each) => app.worker(each))).toEqual(Array(3).fill(app.worker(processors[0]!)));
      await app.close();
    });

    it('S10: a job whose name nobody takes is put back with a warning, until a worker comes that takes it', async () => {
      const named = processor({ step: () => of('done') }, { job: 'known' });
      const world = await start([named]);
      const job = await world.add(undefined, {}, 'unknown');
      await world.settle();
      expect(world.get(job)).toMatchObject({ state: 'delayed', due: world.clock.now() + 1_000, attemptsMade: 0 });
      expect(world.logged).toEqual([
        `job ${job.id} is put back: no processor of queue work takes jobs named "unknown"`,
      ]);
      await world.pass(1_000);
      expect(world.get(job)).toMatchObject({ state: 'delayed', due: world.clock.now() + 2_000 });
      await world.app.close();
      await world.machine([processor({ step: () => of('done') })]);
      expect(await world.until(job.result())).toBe('done');
    });

    it('S10: a job whose name nobody takes fails after unknownStepGrace with UnknownJobNameError', async () => {
      const named = processor({ step: () => of('done') }, { job: 'known', unknownStepGrace: 5_000 });
      const world = await start([named]);
      const job = await world.add(undefined, {}, 'unknown');
      await world.pass(4_999);
      expect(world.get(job).state).toBe('delayed');
      await expect(world.until(job.result())).rejects.toMatchObject({ code: 'UNKNOWN_JOB_NAME' });
    });
  });

  it('a connection that is given but undefined logs a warning, one that is left out does not', () => {
    const warnings: string[] = [];
    const logger = { warn: (message: string) => void warnings.push(message), error: () => {} };
    createApp({ logger });
    expect(warnings).toEqual([]);
    createApp({ logger, connection: undefined });
    expect(warnings).toEqual([expect.stringContaining('undefined: jobs are kept in memory')]);
  });

  it('without a connection each app has an embedded engine of its own', async () => {
    const [one, other] = [createApp(), createApp()];
    const job = await one.queue('q').add('job', 1);
    expect(await one.queue('q').getJob(job.id)).toBeDefined();
    expect(await other.queue('q').getJob(job.id)).toBeUndefined();
  });
});

describe('app.queue and app.worker', () => {
  it('app.worker refuses a class that is not one of the app, though its queue has a worker', () => {
    const [mine, other] = [declared('q', { job: 'a' }), declared('q', { job: 'b' })];
    const app = createApp({ processors: [mine] });
    expect(app.worker(mine).name).toBe('q');
    for (const unknown of [other, Bare, undefined, null, 'q', Object.create(null)]) {
      expect(() => app.worker(unknown as Class)).toThrow(UnknownProcessorError);
    }
  });

  it('app.queue refuses a class without @Processor, one that only inherits it, and what is no class', () => {
    const app = createApp();
    class Sub extends (declared('q') as Class<object>) {}
    for (const unknown of [Bare, Sub, undefined, null, 5, {}]) {
      expect(() => app.queue(unknown as Class)).toThrow(UnknownProcessorError);
    }
    expect(() => app.queue(Bare)).toThrow('Bare has no @Processor');
  });

  it('app.queue gives the queue of any processor, one that another app runs too, and the same one each time', () => {
    const app = createApp();
    const elsewhere = declared('elsewhere');
    expect(app.queue(elsewhere)).toBeInstanceOf(Queue);
    expect(app.queue(elsewhere)).toBe(app.queue('elsewhere'));
  });

  it.each(badNames.filter((name) => typeof name === 'string'))('X1: app.queue refuses the name %p', (name) => {
    expect(faultsThrownBy(() => createApp().queue(name)).map(({ code }) => code)).toEqual(['INVALID_NAME']);
  });

  it.each(goodNames)('X1: app.queue takes the name %p', (name) => {
    expect(createApp().queue(name).name).toBe(name);
  });

  it('X1: app.queue refuses a processor with a bad name, which createApp has not seen', () => {
    expect(faultsThrownBy(() => createApp().queue(declared('a:b'))).map(({ code }) => code)).toEqual(['INVALID_NAME']);
  });
});

describe('the life of an app', () => {
  const one = (): Class => processor({ step: () => of('done') });

  async function runsJobs(app: App): Promise<unknown> {
    const job = await app.queue('work').add('job', 1);
    return job.result();
  }

  it('jobs that were added before the start run after it', async () => {
    const app = createApp({ processors: [one()] });
    const job = await app.queue('work').add('job', 1);
    expect(await job.getState()).toBe('waiting');
    await app.start();
    expect(await job.result()).toBe('done');
    await app.close();
  });

  it('when the container answers at once, start has begun to run jobs when it returns: virtual time knows no promises', () => {
    const ran: unknown[] = [];
    const app = createApp({
      processors: [processor({ step: (job) => of(ran.push(job.data)) })],
      connection: memoryEngine({ clock: new World().clock }),
    });
    void app.queue('work').add('job', 'data');
    void app.start();
    expect(ran).toEqual(['data']);
  });

  it('started twice, or twice at once, it makes its instances and workers once, and both calls wait for it', async () => {
    let made = 0;
    let release!: () => void;
    const gate = new Promise<void>((resolve) => (release = resolve));
    const Made = one();
    const resolver = {
      async get() {
        made++;
        await gate;
        return new Made();
      },
    };
    const app = createApp({ processors: [Made], resolver });
    let second = false;
    const starts = [app.start(), app.start().then(() => (second = true))];
    await Promise.resolve();
    expect(second).toBe(false);
    release();
    await Promise.all(starts);
    await app.start();
    expect(made).toBe(1);
    expect(await runsJobs(app)).toBe('done');
    await app.close();
  });

  it('closed twice, both calls wait for the running job to come to its next write', async () => {
    const world = new World();
    const slow = processor({ first: () => world.timer(5_000), second: () => of('done') });
    const { app, add } = await world.machine([slow]);
    const job = await add();
    await world.settle();
    const closed: string[] = [];
    const closes = [app.close().then(() => closed.push('first')), app.close().then(() => closed.push('second'))];
    await world.pass(4_999);
    expect(closed).toEqual([]);
    await world.until(Promise.all(closes));
    expect(closed).toEqual(['first', 'second']);
    expect(world.get(job)).toMatchObject({ state: 'waiting', attemptsMade: 0 });
    await app.close();
  });

  it('W4: a second close may shorten the grace of the first', async () => {
    const world = new World();
    const { app, add } = await world.machine([processor({ step: () => world.timer(3_600_000) })]);
    await add();
    await world.settle();
    const before = world.clock.now();
    await world.until(Promise.all([app.close({ grace: '1 hour' }), app.close({ grace: 2_000 }), app.close()]));
    expect(world.clock.now() - before).toBe(2_000);
    await app.close({ grace: 0 });
  });

  it('W4: close waits for at most `grace`, in milliseconds or as text', async () => {
    for (const grace of [2_000, '2 s']) {
      const world = new World();
      const { app, add } = await world.machine([processor({ step: () => world.timer(60_000) })]);
      const job = await add();
      await world.settle();
      const before = world.clock.now();
      await world.until(app.close({ grace }));
      expect(world.clock.now() - before).toBe(2_000);
      expect(world.get(job).state).toBe('waiting');
    }
  });

  describe('drained', () => {
    it('W4: its jobs go on to their next durable write and are put back, and no others are taken', async () => {
      const world = new World();
      const ran: string[] = [];
      const first = (): Observable<unknown> => world.timer(5_000);
      const second = (): Observable<number> => of(ran.push('second'));
      const { app, add } = await world.machine([processor({ first, second })]);
      const job = await add();
      await world.settle();
      const draining = app.drain();
      const late = await add();
      await world.until(draining);
      expect(world.get(job)).toMatchObject({
        state: 'waiting',
        attemptsMade: 0,
        checkpoint: { cursor: expect.anything() },
      });
      expect(world.get(late).state).toBe('waiting');
      expect(ran).toEqual([]);
    });

    it('W4: after `grace` what has not come to a write is unsubscribed and put back; a second call may shorten it', async () => {
      const world = new World();
      const { app, add } = await world.machine([processor({ step: () => world.timer(60_000) })]);
      const job = await add();
      await world.settle();
      const before = world.clock.now();
      await world.until(Promise.all([app.drain({ grace: '1 hour' }), app.drain({ grace: 2_000 })]));
      expect(world.clock.now() - before).toBe(2_000);
      expect(world.get(job).state).toBe('waiting');
      await app.drain();
    });

    it('its queues and its store stay usable, its instances are not disposed; close then does that', async () => {
      const dispose = jest.fn();
      const child = container.createChildContainer();
      const Made = one();
      Object.assign(Made.prototype as object, { dispose });
      const app = createApp({ processors: [Made], resolver: child });
      await app.start();
      const closeEngine = jest.spyOn(app.engine, 'close');
      await app.drain();
      const job = await app.queue('work').add('job', 1);
      expect(await job.getState()).toBe('waiting');
      expect([dispose.mock.calls, closeEngine.mock.calls]).toEqual([[], []]);
      await app.close();
      expect([dispose.mock.calls, closeEngine.mock.calls]).toEqual([[[]], [[]]]);
      await expect(app.queue('work').add('job', 1)).rejects.toThrow(ClosedError);
      await app.drain();
    });

    it('can not be started, be it that it was drained before or while it starts', async () => {
      const early = createApp({ processors: [one()] });
      await early.drain();
      await expect(early.start()).rejects.toThrow('the app is drained');
      await early.close();
      const Made = one();
      const app = createApp({ processors: [Made], resolver: { get: async () => new Made() } });
      const starting = app.start();
      const drained = app.drain();
      await expect(starting).rejects.toThrow(ClosedError);
      await drained;
      await app.close();
    });

    it.each([{ grace: 'soon' }, { graec: 5 }, null])('drain refuses %p, and the app goes on', async (options) => {
      const app = createApp({ processors: [one()] });
      await app.start();
      await expect(app.drain(options as never)).rejects.toThrow('The app was not drained:');
      expect(await runsJobs(app)).toBe('done');
      await app.close();
    });
  });

  it('W4: the grace of the app counts where close says none', async () => {
    for (const [said, waits] of [
      [{}, 3_000],
      [{ grace: 1_000 }, 1_000],
    ] as const) {
      const world = new World();
      const { app, add } = await world.machine([processor({ step: () => world.timer(60_000) })], { grace: '3 s' });
      await add();
      await world.settle();
      const before = world.clock.now();
      await world.until(app.close(said));
      expect(world.clock.now() - before).toBe(waits);
    }
  });

  it.each([{ grace: 'soon' }, { grace: -1 }, { grace: NaN }, { grace: null }, { graec: 5 }, null, 5])(
    'close refuses %p, and the app goes on',
    async (options) => {
      const app = createApp({ processors: [one()] });
      await app.start();
      await expect(app.close(options as never)).rejects.toThrow(ConfigurationError);
      expect(await runsJobs(app)).toBe('done');
      await app.close();
    },
  );

  it('closed before it was started it is closed, and can not be started', async () => {
    const app = createApp({ processors: [one()] });
    await app.close();
    await expect(app.start()).rejects.toThrow(ClosedError);
  });

  it('closed it can not be started again, and adds no jobs', async () => {
    const app = createApp({ processors: [one()] });
    await app.start();
    const queue = app.queue('work');
    await app.close();
    await expect(app.start()).rejects.toThrow(ClosedError);
    await expect(queue.add('job', 1)).rejects.toThrow(ClosedError);
    await expect(app.queue('other').addBulk([{ name: 'job', data: 1 }])).rejects.toThrow(ClosedError);
  });

  it('adds no jobs from the moment on in which close is called', async () => {
    const Made = one();
    const app = createApp({ processors: [Made] });
    await app.start();
    let late: unknown;
    app.worker(Made).on('closing', () => {
      late = app
        .queue('work')
        .add('job', 1)
        .catch((error: unknown) => error);
    });
    await app.close();
    expect(await late).toBeInstanceOf(ClosedError);
  });

  it('I11: closed it leaves no timer, and no watcher of the store', async () => {
    const world = new World();
    const Made = one();
    const { app, add, spy } = await world.machine([Made]);
    await world.until((await add()).result());
    await app.close();
    expect(world.clock.pending).toBe(0);
    const calls = spy.calls.length;
    await add();
    await world.pass(60_000);
    expect(spy.calls.slice(calls)).toEqual([]);
  });

  it('closes an embedded engine of its own, and leaves alone one that it was given', async () => {
    const given = memoryEngine();
    const closed: Engine[] = [];
    for (const app of [
      createApp(),
      createApp({ connection: given }),
      createApp({ connection: undefined, logger: quiet }),
    ]) {
      const { engine } = app;
      jest.spyOn(engine, 'close').mockImplementation(() => void closed.push(engine));
      await app.close();
      await app.close();
      expect(closed.splice(0)).toEqual(engine === given ? [] : [engine]);
    }
  });

  it('a processor that the container can not make lets start reject with ResolveError, no job runs, and close ends', async () => {
    const Broken = processor({ step: () => of('never') }, { queue: 'broken' });
    const Made = one();
    const resolver = {
      get(token: Class): unknown {
        if (token === Broken) throw new Error('no database');
        return new token();
      },
    };
    const app = createApp({ processors: [Made, Broken], resolver });
    const job = await app.queue(Made).add('job', 1);
    await expect(app.start()).rejects.toThrow(ResolveError);
    await expect(app.start()).rejects.toThrow('no database');
    expect(await job.getState()).toBe('waiting');
    await app.close();
  });

  it('after a start that failed it can be started again', async () => {
    let database: 'down' | 'up' = 'down';
    const Made = one();
    const resolver = {
      async get(): Promise<object> {
        if (database === 'down') throw new Error('no database');
        return new Made() as object;
      },
    };
    const app = createApp({ processors: [Made], resolver });
    await expect(Promise.all([app.start(), app.start()])).rejects.toThrow(ResolveError);
    database = 'up';
    await app.start();
    expect(await runsJobs(app)).toBe('done');
    await app.close();
  });

  it('closed while it starts, close does not wait for the container, start rejects with ClosedError and runs nothing', async () => {
    const Made = one();
    let release!: (instance: object) => void;
    const resolver = { get: () => new Promise<object>((resolve) => (release = resolve)) };
    const engine = memoryEngine();
    const app = createApp({ processors: [Made], resolver, connection: engine });
    const job = await app.queue('work').add('job', 1);
    const started = app.start();
    await app.close();
    release(new Made() as object);
    await expect(started).rejects.toThrow(ClosedError);
    expect(await job.getState()).toBe('waiting');
  });

  it('options that are changed after createApp change nothing', async () => {
    const Made = one();
    const options = { processors: [Made], resolver: new Map([[Made, new Made()]]) };
    const app = createApp(options);
    options.processors = [];
    options.resolver = new Map([[Made, 'no instance']]);
    await app.start();
    expect(await runsJobs(app)).toBe('done');
    await app.close();
  });
});
