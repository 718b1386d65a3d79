import { of, type Observable } from 'rxjs';
import {
  InjectQueue,
  Processor,
  Queue,
  ResolveError,
  Step,
  createApp,
  type App,
  type AppOptions,
  type Class,
  type StepJob,
} from 'stepstream';
import { container, inject, injectable, Lifecycle, scoped, singleton, type DependencyContainer } from 'tsyringe';
import { compileClass } from './support/compile.js';
import { faultsOf } from './support/faults.js';

// --- what is injected ---

let made: string[];
let disposed: string[];

beforeEach(() => {
  made = [];
  disposed = [];
});

@injectable()
class Payments {
  constructor() {
    made.push('payments');
  }
  charge(): string {
    return 'charged';
  }
  dispose(): void {
    disposed.push('payments');
  }
}

@scoped(Lifecycle.ContainerScoped)
class Connection {
  readonly number = made.push('connection');
  async dispose(): Promise<void> {
    disposed.push('connection');
  }
}

@Processor('orders')
class Orders {
  constructor(readonly payments: Payments) {}
  @Step() charge(): Observable<string> {
    return of(this.payments.charge());
  }
}

// --- apps ---

const open: App[] = [];

function appOf(processors: readonly Class[], options: Omit<AppOptions, 'processors'> = {}): App {
  const app = createApp({ processors, ...options });
  open.push(app);
  return app;
}

afterEach(async () => {
  for (const app of open.splice(0)) await app.close();
});

/** What a job of the queue results in. */
async function run(app: App, queue: string, name = 'job'): Promise<unknown> {
  const job = await app.queue(queue).add(name, 1);
  return job.result();
}

async function startedAndRun(processor: Class, options?: Omit<AppOptions, 'processors'>): Promise<unknown> {
  const app = appOf([processor], options);
  await app.start();
  return run(app, 'orders');
}

async function refusal(processor: Class, options?: Omit<AppOptions, 'processors'>): Promise<Error> {
  const error: unknown = await appOf([processor], options)
    .start()
    .catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(ResolveError);
  return error as Error;
}

// --- specs ---

describe("tsyringe's container, the default", () => {
  it('injects constructors by the metadata that the compiler emits', async () => {
    expect(await startedAndRun(Orders)).toBe('charged');
  });

  it('injects constructors by @inject, without metadata', async () => {
    const X = compileClass(
      `@Processor('orders') class X {
        constructor(@inject(Payments) payments) { this.payments = payments; }
        @Step() charge() { return of(this.payments.charge()); }
      }`,
      { Processor, Step, inject, Payments, of },
    );
    expect(await startedAndRun(X)).toBe('charged');
  });

  it('injects what the container of the user has registered', async () => {
    const mine = container.createChildContainer();
    mine.register(Payments, { useValue: { charge: () => 'faked' } as Payments });
    expect(await startedAndRun(Orders, { resolver: mine })).toBe('faked');
  });

  it('makes a class whose constructor takes nothing', async () => {
    @Processor('orders')
    class Plain {
      readonly text = 'plain';
      @Step() step(): Observable<string> {
        return of(this.text);
      }
    }
    expect(await startedAndRun(Plain)).toBe('plain');
  });

  it("injects a base class's constructor into a processor that has none", async () => {
    @injectable()
    class Base {
      constructor(readonly payments: Payments) {}
      @Step() step(): Observable<string> {
        return of(this.payments.charge());
      }
    }
    @Processor('orders')
    class Sub extends Base {}
    expect(await startedAndRun(Sub)).toBe('charged');
  });

  it('makes one instance per worker, when the app starts, for all of its jobs', async () => {
    let instances = 0;
    @Processor('orders', { concurrency: 5 })
    class Counted {
      readonly number = ++instances;
      @Step() step(): Observable<number> {
        return of(this.number);
      }
    }
    const app = appOf([Counted]);
    expect(instances).toBe(0);
    await app.start();
    const jobs = await app.queue('orders').addBulk(Array.from({ length: 20 }, () => ({ name: 'job', data: 1 })));
    expect(new Set(await Promise.all(jobs.map((job) => job.result())))).toEqual(new Set([1]));
    expect(instances).toBe(1);
  });

  it('gives the processors of one worker one container scope, those of another worker another', async () => {
    const sharing = (queue: string, job: string): Class => {
      @Processor(queue, { job })
      class Sharing {
        constructor(readonly connection: Connection) {}
        @Step() step(): Observable<number> {
          return of(this.connection.number);
        }
      }
      return Sharing;
    };
    const app = appOf([sharing('one', 'a'), sharing('one', 'b'), sharing('two', 'c')]);
    await app.start();
    const numbers = [await run(app, 'one', 'a'), await run(app, 'one', 'b'), await run(app, 'two', 'c')];
    expect(numbers).toEqual([1, 1, 2]);
  });

  it('disposes what it made when the app closes, dependencies of the container scope too, each once', async () => {
    @Processor('orders')
    class Disposable {
      constructor(
        readonly payments: Payments,
        readonly connection: Connection,
      ) {}
      @Step() step(): Observable<string> {
        return of(this.payments.charge());
      }
      async dispose(): Promise<void> {
        disposed.push('processor');
      }
    }
    const app = appOf([Disposable]);
    await app.start();
    await run(app, 'orders');
    expect(disposed).toEqual([]);
    await app.close();
    await app.close();
    expect([...disposed].sort()).toEqual(['connection', 'payments', 'processor']);
  });

  it('disposes what it had made when another processor can not be made', async () => {
    @Processor('broken')
    class Broken {
      constructor(readonly payments: Payments) {
        throw new Error('no database');
      }
      @Step() step(): Observable<number> {
        return of(1);
      }
    }
    const app = appOf([Orders, Broken]);
    await expect(app.start()).rejects.toThrow(ResolveError);
    expect(made).toEqual(['payments', 'payments']);
    expect(disposed).toEqual(['payments', 'payments']);
    await app.close();
    expect(disposed).toHaveLength(2);
  });

  it('an instance that can not be disposed keeps nothing else open, and close rejects with its error', async () => {
    @Processor('stubborn')
    class Stubborn {
      @Step() step(): Observable<number> {
        return of(1);
      }
      dispose(): void {
        throw new Error('stuck');
      }
    }
    const app = createApp({ processors: [Stubborn, Orders] });
    await app.start();
    const closeEngine = jest.spyOn(app.engine, 'close');
    const error: unknown = await app.close().catch((reason: unknown) => reason);
    expect(error).toMatchObject({ errors: [{ message: 'stuck' }] });
    expect(disposed).toEqual(['payments']);
    expect(closeEngine).toHaveBeenCalledTimes(1);
  });

  it('two apps in one process share no instances', async () => {
    const instances: unknown[] = [];
    @Processor('orders')
    class Kept {
      constructor(readonly connection: Connection) {
        instances.push(this, connection);
      }
      @Step() step(): Observable<number> {
        return of(1);
      }
    }
    const [one, other] = [appOf([Kept]), appOf([Kept])];
    await Promise.all([one.start(), other.start()]);
    expect(instances).toHaveLength(4);
    expect(new Set(instances).size).toBe(4);
    await one.close();
    expect(disposed).toEqual(['connection']);
    expect(await run(other, 'orders')).toBe(1);
  });

  it('a ResolveError names the class, what is missing and the way out', async () => {
    class Unknown {
      constructor(readonly secret: string) {}
    }
    @Processor('orders')
    class Needy {
      constructor(readonly unknown: Unknown) {}
      @Step() step(): Observable<number> {
        return of(1);
      }
    }
    const { message, cause } = await refusal(Needy);
    expect(message).toContain('Needy could not be made');
    expect(message).toContain('TypeInfo not known for "Unknown"');
    expect(message).toContain('needs @injectable(), an import without `type`');
    expect(message).toContain('emitDecoratorMetadata');
    expect(cause).toBeInstanceOf(Error);

    const token = compileClass(
      `@Processor('orders') class X { constructor(@inject('missing') it) {} @Step() step() { return of(1); } }`,
      { Processor, Step, inject, of },
    );
    expect((await refusal(token)).message).toMatch(/"missing"[^]*Register what is missing in the container/);
  });

  it('a ResolveError tells of constructor injection without metadata', async () => {
    const X = compileClass(
      `@Processor('orders') class X { constructor(payments) {} @Step() step() { return of(1); } }`,
      { Processor, Step, of },
    );
    expect((await refusal(X)).message).toContain('esbuild and tsx have none');
  });

  it.each([null, undefined, 'text', 0, Symbol('s'), { message: 'no Error' }, Object.create(null)])(
    'a constructor may throw anything: %p',
    async (thrown) => {
      @Processor('orders')
      class Throwing {
        constructor() {
          throw thrown;
        }
        @Step() step(): Observable<number> {
          return of(1);
        }
      }
      const error = await refusal(Throwing);
      expect(error.message).toContain('Throwing could not be made');
      expect(error.cause).toBe(thrown);
    },
  );
});

describe('another container', () => {
  const instance = (): Orders => new Orders({ charge: () => 'from elsewhere' } as Payments);

  it.each<[string, AppOptions['resolver']]>([
    ['get', { get: () => instance() }],
    ['resolve', { resolve: () => instance() }],
    ['get, later', { get: async () => instance() }],
    ['resolve, later', { resolve: async () => instance() }],
    ['get, beside a resolve for something else', { get: () => instance(), resolve: () => 'a path' }],
    ['get of a Map', new Map<unknown, unknown>([[Orders, instance()]])],
    ['get of a function', Object.assign(() => {}, { get: () => instance() })],
  ])('is asked by %s', async (_, resolver) => {
    expect(await startedAndRun(Orders, { resolver: resolver! })).toBe('from elsewhere');
  });

  it('is asked with the class, as a method of its own, once per processor', async () => {
    const asked: unknown[] = [];
    class Registry {
      readonly #instance = instance();
      get(token: unknown): Orders {
        asked.push(token);
        return this.#instance;
      }
    }
    expect(await startedAndRun(Orders, { resolver: new Registry() })).toBe('from elsewhere');
    expect(asked).toEqual([Orders]);
  });

  it('that does not know a class which needs nothing: it is made all the same', async () => {
    @Processor('orders')
    class Plain {
      @Step() step(): Observable<string> {
        return of('plain');
      }
    }
    expect(await startedAndRun(Plain, { resolver: new Map() })).toBe('plain');
  });

  it.each([undefined, null])(
    'that answers %p for a class with constructor parameters is a ResolveError',
    async (answer) => {
      const { message } = await refusal(Orders, { resolver: { get: () => answer } });
      expect(message).toContain('the container that is the `resolver` has no Orders: register it there');
    },
  );

  it('that throws, or rejects, is a ResolveError with its reason', async () => {
    const error = new Error('no binding');
    const resolvers: AppOptions['resolver'][] = [
      {
        get() {
          throw error;
        },
      },
      { resolve: () => Promise.reject(error) },
    ];
    for (const resolver of resolvers) {
      const refused = await refusal(Orders, { resolver: resolver! });
      expect(refused.message).toMatch(/Orders could not be made: no binding[^]*Register the class/);
      expect(refused.cause).toBe(error);
    }
  });

  it('that answers an instance without the steps is a ResolveError, not a failure of each job', async () => {
    const { message } = await refusal(Orders, { resolver: { get: () => ({ ship: () => of(1) }) } });
    expect(message).toContain('what the container gave for Orders has no method charge');
    expect((await refusal(Orders, { resolver: { get: () => 'text' } })).message).toContain('has no Orders');
  });

  it('disposes its instances itself', async () => {
    const dispose = jest.fn();
    await startedAndRun(Orders, { resolver: { get: () => Object.assign(instance(), { dispose }) } });
    await open[0]!.close();
    expect(dispose).not.toHaveBeenCalled();
  });
});

describe('@InjectQueue', () => {
  @injectable()
  class Checkout {
    constructor(
      @InjectQueue('parcels') readonly byName: Queue,
      @InjectQueue(Orders) readonly byProcessor: Queue,
    ) {}
  }

  @Processor('orders')
  class Shop {
    constructor(
      readonly checkout: Checkout,
      @InjectQueue('mail') readonly mail: Queue<string>,
    ) {
      shops.push(this);
    }
    @Step() async step({ data }: StepJob): Promise<string> {
      const { id } = await this.mail.add('confirm', `for ${String(data)}`);
      return id;
    }
  }

  const shops: Shop[] = [];

  beforeEach(() => {
    shops.length = 0;
  });

  it("injects the app's queue by name and by processor, into a processor and into what it needs", async () => {
    const app = appOf([Shop]);
    await app.start();
    const [shop] = shops as [Shop];
    expect(shop.mail).toBe(app.queue('mail'));
    expect(shop.checkout.byName).toBe(app.queue('parcels'));
    expect(shop.checkout.byProcessor).toBe(app.queue(Orders));
    const job = await app.queue('orders').add('job', 'you');
    expect((await app.queue('mail').getJob(String(await job.result())))?.data).toBe('for you');
  });

  it.each<[string, () => DependencyContainer | undefined]>([
    ["tsyringe's own container", () => undefined],
    ['one container of theirs', () => shared],
  ])('two apps inject their own queues: on %s', async (_, resolverOf) => {
    const resolver = resolverOf();
    const apps = [1, 2].map(() => appOf([Shop], resolver && { resolver }));
    for (const app of apps) await app.start();
    expect(shops.map(({ mail }) => apps.findIndex((app) => app.queue('mail') === mail))).toEqual([0, 1]);
    const byName = shops.map(({ checkout }) => checkout.byName);
    expect(byName.map((queue) => apps.findIndex((app) => app.queue('parcels') === queue))).toEqual([0, 1]);
  });
  const shared = container.createChildContainer();

  it('without metadata it injects too', async () => {
    const X = compileClass(
      `@Processor('orders') class X {
        constructor(@InjectQueue('mail') mail) { this.mail = mail; }
        @Step() step() { return of(this.mail.name); }
      }`,
      { Processor, Step, InjectQueue, of },
    );
    expect(await startedAndRun(X)).toBe('mail');
  });

  it('of a class without @Processor, or of a bad name, is a ResolveError that says so', async () => {
    const needing = (which: string | Class): Class => {
      @Processor('orders')
      class Needing {
        constructor(@InjectQueue(which) readonly queue: Queue) {}
        @Step() step(): Observable<number> {
          return of(1);
        }
      }
      return Needing;
    };
    expect((await refusal(needing(Payments))).message).toContain('Payments has no @Processor of its own');
    expect((await refusal(needing(undefined as never))).message).toContain('undefined has no @Processor of its own');
    expect((await refusal(needing('a:b'))).message).toContain('queue "a:b"');
  });

  it('injects into what the user has the container make, when the app was given it as `resolver`', async () => {
    const resolver = container.createChildContainer();
    const producer = appOf([], { resolver });
    const { byName, byProcessor } = resolver.resolve(Checkout);
    expect(byName).toBe(producer.queue('parcels'));
    expect(byProcessor).toBe(producer.queue(Orders));
    resolver.reset();
    expect(() => resolver.resolve(Checkout)).toThrow('give this container to createApp as `resolver`');
  });

  it('into what the user has the container make: not from a closed app, and not from one of several', async () => {
    const resolver = container.createChildContainer();
    const register = jest.spyOn(resolver, 'register');
    const first = appOf([], { resolver });
    const second = appOf([], { resolver });
    expect(() => resolver.resolve(Checkout)).toThrow('several apps have this container');
    expect(register).toHaveBeenCalledTimes(1);
    await first.close();
    expect(resolver.resolve(Checkout).byName).toBe(second.queue('parcels'));
    await second.close();
    expect(() => resolver.resolve(Checkout)).toThrow('is closed');
  });

  it("leaves tsyringe's own container alone, unless it is given", () => {
    appOf([Shop]);
    expect(() => container.resolve(Checkout)).toThrow('give this container to createApp as `resolver`');
  });
});

it('@singleton() keeps one instance for all apps: the user asked for it', async () => {
  let instances = 0;
  @singleton()
  @Processor('orders')
  class Single {
    readonly number = ++instances;
    @Step() step(): Observable<number> {
      return of(this.number);
    }
  }
  expect(faultsOf({ processors: [Single] })).toEqual([]);
  expect([await startedAndRun(Single), await startedAndRun(Single)]).toEqual([1, 1]);
});
