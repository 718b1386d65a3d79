/** The snippets of docs/guides/tsyringe.md, run; the last test holds that they are the same. */
import { readFileSync } from 'node:fs';
import { map, of, type Observable } from 'rxjs';
import {
  createApp,
  InjectQueue,
  type Job,
  perJob,
  Processor,
  Queue,
  type Resolver,
  Step,
  type StepJob,
} from 'stepstream';
import { JobTestBed } from 'stepstream/testing';
import {
  container,
  inject,
  injectable,
  instanceCachingFactory,
  Lifecycle,
  scoped,
  singleton,
  type InjectionToken,
} from 'tsyringe';

interface Order {
  readonly id: string;
}

interface Config {
  readonly currency: string;
}

const configToken: InjectionToken<Config> = Symbol('the configuration');
const jobToken: InjectionToken<Job<Order>> = Symbol('the job');
const books: Order = { id: 'A' };

let reads = 0;

function readConfig(_env: NodeJS.ProcessEnv): Config {
  reads++;
  return { currency: 'CHF' };
}

@injectable()
class Payments {
  charge(order: Order) {
    return of(`receipt of ${order.id}`);
  }
}

@Processor('orders')
class Orders {
  constructor(
    private readonly payments: Payments,
    @inject(configToken) private readonly config: Config,
  ) {}

  @Step() charge(job: StepJob<Order>) {
    return this.payments.charge(job.data).pipe(map((receipt) => `${this.config.currency}: ${receipt}`));
  }
}

@injectable()
class Checkout {
  constructor(@InjectQueue(Orders) private readonly orders: Queue<Order>) {}

  buy(order: Order) {
    return this.orders.add('order', order);
  }
}

afterEach(() => {
  container.reset();
  container.clearInstances();
});

describe('with tsyringe', () => {
  it('a processor has its services and what stands behind a token injected; a caching factory is asked once', async () => {
    container.register(configToken, { useFactory: instanceCachingFactory(() => readConfig(process.env)) });

    const app = createApp({ processors: [Orders] });
    await app.start();
    const job = await app.queue(Orders).add('order', books);
    await expect(job.result()).resolves.toBe('CHF: receipt of A');
    container.resolve(configToken);
    expect(reads).toBe(1);
    await app.close();
  });

  it('a service that the container makes has the queues of the app whose resolver it is', async () => {
    container.register(configToken, { useValue: { currency: 'EUR' } });
    const app = createApp({ processors: [Orders], resolver: container });
    const checkout = container.resolve(Checkout);
    await app.start();
    const job = await checkout.buy(books);
    await expect(job.result()).resolves.toBe('EUR: receipt of A');
    await app.close();
  });

  it('each job has an instance of its own, with the job injected, when the resolver says so', async () => {
    const disposed: string[] = [];
    @Processor('orders')
    class Greetings {
      constructor(@inject(jobToken) private readonly job: Job<Order>) {}
      @Step() greet() {
        return of(`hello ${this.job.data.id}`);
      }
      dispose(): void {
        disposed.push(this.job.data.id);
      }
    }
    const perOrder: Resolver = {
      get: (processor) =>
        perJob((job) => {
          const scope = container.createChildContainer().register(jobToken, { useValue: job });
          return { instance: scope.resolve(processor), dispose: () => scope.dispose() };
        }),
    };
    const app = createApp({ processors: [Greetings], resolver: perOrder });
    await app.start();
    const jobs = await app.queue('orders').addBulk(['A', 'B'].map((id) => ({ name: 'order', data: { id } })));
    await expect(Promise.all(jobs.map((job) => job.result()))).resolves.toEqual(['hello A', 'hello B']);
    await app.close();
    expect(disposed.toSorted()).toEqual(['A', 'B']);
  });

  it('a test puts other things behind the tokens by a child container, and into the classes by provide', () => {
    const testing = container.createChildContainer();
    testing.register(configToken, { useValue: { currency: 'EUR' } });
    const bed = new JobTestBed({ processors: [Orders], resolver: testing });

    bed.run(({ provide, cold, add, expectJob }) => {
      provide(Payments, { charge: () => cold('2s (r|)', { r: 'receipt' }) });
      expectJob(add(Orders, books)).toBe('2s |', { '|': { result: 'EUR: receipt' } });
    });
    bed.run(({ provide, add, expectJob }) => {
      provide(configToken, { currency: 'USD' });
      expectJob(add(Orders, books)).toBe('|', { '|': { result: 'USD: receipt of A' } });
    });
    expect(container.isRegistered(configToken)).toBe(false);
  });

  it('instances are shared as the table says, and disposed by the app that has made them', async () => {
    const disposed: string[] = [];
    class Counted {
      static made = 0;
      readonly number = ++(this.constructor as typeof Counted).made;
      dispose(): void {
        disposed.push(this.constructor.name);
      }
    }
    @injectable()
    class Transient extends Counted {
      static override made = 0;
    }
    @scoped(Lifecycle.ContainerScoped)
    class PerWorker extends Counted {
      static override made = 0;
    }
    @scoped(Lifecycle.ResolutionScoped)
    class PerProcessor extends Counted {
      static override made = 0;
    }
    @singleton()
    class PerProcess extends Counted {
      static override made = 0;
    }
    @injectable()
    class Between {
      readonly all: readonly Counted[];
      constructor(a: Transient, b: PerProcessor, c: PerWorker, d: PerProcess) {
        this.all = [a, b, c, d];
      }
    }
    const processorOf = (queue: string, job: string) => {
      @Processor(queue, { job })
      class Needing {
        readonly #numbers: readonly string[];
        constructor(a: Transient, b: PerProcessor, c: PerWorker, d: PerProcess, between: Between) {
          this.#numbers = [a, b, c, d].map(({ number }, index) => `${number} ${between.all[index]!.number}`);
        }
        @Step() tell(): Observable<readonly string[]> {
          return of(this.#numbers);
        }
      }
      return Needing;
    };
    const shared = container.resolve(PerProcess);
    const app = createApp({ processors: [processorOf('one', 'a'), processorOf('one', 'b'), processorOf('two', 'c')] });
    await app.start();
    const told = async (queue: string, name: string): Promise<unknown> =>
      (await app.queue(queue).add(name, 1)).result();
    // each of the processor itself, and of what it needs: transient, per processor, per worker, per process
    await expect(told('one', 'a')).resolves.toEqual(['1 2', '1 1', '1 1', '1 1']);
    await expect(told('one', 'b')).resolves.toEqual(['3 4', '2 2', '1 1', '1 1']);
    await expect(told('two', 'c')).resolves.toEqual(['5 6', '3 3', '2 2', '1 1']);
    await app.close();
    const count = (name: string): number => disposed.filter((each) => each === name).length;
    expect(['Transient', 'PerProcessor', 'PerWorker', 'PerProcess'].map(count)).toEqual([6, 3, 2, 0]);
    expect(shared.number).toBe(1);
  });
});

describe('what docs/guides/tsyringe.md shows', () => {
  const guide = readFileSync('docs/guides/tsyringe.md', 'utf8');
  const source = readFileSync(__filename, 'utf8');
  const unindented = (text: string): string => text.replace(/^ +/gm, '').trim();

  it.each([...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text]) => [text!]))('is run here: %s', (text) => {
    expect(unindented(source)).toContain(unindented(text));
  });
});
