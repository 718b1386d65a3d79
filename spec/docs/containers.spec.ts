/** The recipes of docs/guides/containers.md, run with the real containers; its last test holds that they are the same. */
import { readFileSync } from 'node:fs';
import { asClass, asFunction, asValue, createContainer } from 'awilix';
import { Container, inject, injectable } from 'inversify';
import { firstValueFrom, of, type Observable } from 'rxjs';
import { createApp, perJob, Processor, Queue, Step, type App, type StepJob } from 'stepstream';
import { Container as TypeDI, Inject, Service } from 'typedi';

/** What was made and disposed, in order. */
let told: string[];

beforeEach(() => {
  told = [];
});

class Payments {
  constructor() {
    told.push('made');
  }
  charge(order: string): Observable<string> {
    return of(`receipt of ${order}`);
  }
  dispose(): void {
    told.push('disposed');
  }
}

/** Runs two jobs of the app's queue, and closes it. */
async function resultsOf(app: App, queue = 'orders'): Promise<unknown> {
  await app.start();
  const jobs = await app.queue(queue).addBulk(['books', 'lamp'].map((data) => ({ name: 'order', data })));
  const results = await Promise.all(jobs.map((job) => job.result()));
  await app.close();
  return results;
}

const receipts = ['receipt of books', 'receipt of lamp'];

describe('awilix', () => {
  @Processor('orders')
  class Orders {
    readonly #payments: Payments;
    constructor({ payments }: { payments: Payments }) {
      this.#payments = payments;
    }
    @Step() charge(job: StepJob<string>) {
      return this.#payments.charge(job.data);
    }
  }

  it('makes processors, with what their constructors destructure, and disposes what it has made', async () => {
    const container = createContainer();
    container.register({
      payments: asClass(Payments)
        .singleton()
        .disposer((payments) => payments.dispose()),
    });

    const app = createApp({
      processors: [Orders],
      resolver: { get: (processor) => container.build(processor) },
    });
    expect(await resultsOf(app)).toEqual(receipts);

    await app.close();
    await container.dispose();
    expect(told).toEqual(['made', 'disposed']);
  });

  it('injects queues of the app', async () => {
    @Processor('orders')
    class Shop {
      readonly #parcels: Queue<string>;
      constructor({ parcels }: { parcels: Queue<string> }) {
        this.#parcels = parcels;
      }
      @Step() async pack(job: StepJob<string>) {
        return (await this.#parcels.add('pack', job.data)).queueName;
      }
    }
    const container = createContainer();
    const app: App = createApp({ processors: [Shop], resolver: { get: (processor) => container.build(processor) } });
    container.register({ parcels: asFunction(() => app.queue('parcels')) });
    expect(await resultsOf(app)).toEqual(['parcels', 'parcels']);
  });

  it('gives each job a scope of its own', async () => {
    const container = createContainer();
    container.register({
      payments: asClass(Payments)
        .scoped()
        .disposer((payments) => payments.dispose()),
    });
    @Processor('orders')
    class Greeting {
      readonly #needs: { payments: Payments; customer: string };
      constructor({ payments, customer }: { payments: Payments; customer: string }) {
        this.#needs = { payments, customer };
      }
      @Step() charge() {
        const { payments, customer } = this.#needs;
        return payments.charge(customer);
      }
    }
    const app = createApp({
      processors: [Greeting],
      resolver: {
        get: (processor) =>
          perJob((job) => {
            const scope = container.createScope();
            scope.register({ customer: asValue(job.data) });
            return { instance: scope.build(processor), dispose: () => scope.dispose() };
          }),
      },
    });
    expect(await resultsOf(app)).toEqual(receipts);
    expect(told.toSorted()).toEqual(['disposed', 'disposed', 'made', 'made']);
  });

  it('says what is missing', async () => {
    const container = createContainer();
    const app = createApp({ processors: [Orders], resolver: { get: (processor) => container.build(processor) } });
    await expect(app.start()).rejects.toThrow(/Orders could not be made: .*Could not resolve 'payments'/);
    await app.close();
  });
});

describe('inversify', () => {
  injectable()(Payments);

  @Processor('orders')
  @injectable()
  class Orders {
    constructor(private readonly payments: Payments) {}
    @Step() charge(job: StepJob<string>) {
      return this.payments.charge(job.data);
    }
  }

  it('is a resolver as it is, and disposes its singletons when it is told to', async () => {
    const container = new Container();
    container.bind(Orders).toSelf();
    container
      .bind(Payments)
      .toSelf()
      .inSingletonScope()
      .onDeactivation((payments) => payments.dispose());

    const app = createApp({ processors: [Orders], resolver: container });
    expect(await resultsOf(app)).toEqual(receipts);

    await app.close();
    container.unbindAll();
    expect(told).toEqual(['made', 'disposed']);
  });

  it('makes what needs a promise by getAsync', async () => {
    const container = new Container();
    container.bind(Orders).toSelf();
    container.bind(Payments).toDynamicValue(async () => firstValueFrom(of(new Payments())));
    const app = createApp({ processors: [Orders], resolver: { get: (processor) => container.getAsync(processor) } });
    expect(await resultsOf(app)).toEqual(receipts);
  });

  it('injects queues of the app', async () => {
    @Processor('orders')
    @injectable()
    class Shop {
      constructor(@inject('parcels') private readonly parcels: Queue<string>) {}
      @Step() async pack(job: StepJob<string>) {
        return (await this.parcels.add('pack', job.data)).queueName;
      }
    }
    const container = new Container({ autobind: true });
    const app: App = createApp({ processors: [Shop], resolver: container });
    container.bind('parcels').toDynamicValue(() => app.queue('parcels'));
    expect(await resultsOf(app)).toEqual(['parcels', 'parcels']);
  });

  it('says what is missing', async () => {
    const app = createApp({ processors: [Orders], resolver: new Container() });
    await expect(app.start()).rejects.toThrow(/Orders could not be made: No bindings found/);
    await app.close();
  });
});

describe('TypeDI', () => {
  beforeEach(() => TypeDI.reset());

  class Bank extends Payments {
    destroy(): void {
      told.push('destroyed');
    }
  }

  it('is a resolver as it is, and destroys its services when it is told to', async () => {
    Service()(Bank);

    @Processor('orders')
    @Service()
    class Orders {
      constructor(private readonly payments: Bank) {}
      @Step() charge(job: StepJob<string>) {
        return this.payments.charge(job.data);
      }
    }

    const app = createApp({ processors: [Orders], resolver: TypeDI });
    expect(await resultsOf(app)).toEqual(receipts);

    await app.close();
    TypeDI.reset();
    expect(told).toEqual(['made', 'destroyed']);
  });

  it('injects queues of the app', async () => {
    @Processor('orders')
    @Service()
    class Shop {
      constructor(@Inject('parcels') private readonly parcels: Queue<string>) {}
      @Step() async pack(job: StepJob<string>) {
        return (await this.parcels.add('pack', job.data)).queueName;
      }
    }
    const app: App = createApp({ processors: [Shop], resolver: TypeDI });
    TypeDI.set({ id: 'parcels', factory: () => app.queue('parcels') });
    expect(await resultsOf(app)).toEqual(['parcels', 'parcels']);
  });

  it('says what is missing', async () => {
    @Processor('orders')
    class Unknown {
      constructor(readonly payments: Bank) {}
      @Step() charge(): Observable<string> {
        return of('');
      }
    }
    const app = createApp({ processors: [Unknown], resolver: TypeDI });
    await expect(app.start()).rejects.toThrow(/Unknown could not be made: .*Service with .*was not found/);
    await app.close();
  });
});

describe('what docs/guides/containers.md shows', () => {
  const guide = readFileSync('docs/guides/containers.md', 'utf8');
  const source = readFileSync(__filename, 'utf8');
  const unindented = (text: string): string => text.replace(/^ +/gm, '').trim();

  it.each([...guide.matchAll(/^```ts\n([\s\S]*?)^```$/gm)].map(([, text]) => [text!]))('is run here: %s', (text) => {
    expect(unindented(source)).toContain(unindented(text));
  });

  it.each([...guide.matchAll(/(?:: |is\n)`([\w.]+\([^`]*\)|\{ get[^`]*)`/g)].map(([, text]) => [text!]))(
    'is run here, in a line: %s',
    (text) => {
      expect(source).toContain(text);
    },
  );
});
