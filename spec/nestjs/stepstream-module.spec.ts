import { Inject, Injectable, Module, type DynamicModule } from '@nestjs/common';
import { of, type Observable } from 'rxjs';
import {
  ConfigurationError,
  FlowProducer,
  memoryEngine,
  Processor,
  Queue,
  QueueEvents,
  Step,
  StepstreamError,
  UnknownProcessorError,
  type App,
  type StepJob,
} from 'stepstream';
import {
  getAppToken,
  getQueueToken,
  InjectApp,
  InjectFlowProducer,
  InjectQueue,
  InjectQueueEvents,
  StepstreamModule,
  UseConnection,
  type StepstreamOptions,
  type StepstreamOptionsFactory,
} from 'stepstream/nestjs';
import { prometheus } from 'stepstream/prometheus';
import { closeAll, compiled, refusal, started } from './nest.js';

afterEach(closeAll);

@Injectable()
class Payments {
  charge(order: unknown): string {
    return `paid ${String(order)}`;
  }
}

@Processor('orders')
class Orders {
  constructor(
    private readonly payments: Payments,
    @InjectQueue('mail') private readonly mail: Queue<string>,
  ) {}
  @Step() charge({ data }: StepJob): Observable<string> {
    return of(this.payments.charge(data));
  }
  @Step() async confirm(_job: StepJob, receipt: string): Promise<string> {
    const { id } = await this.mail.add('confirm', receipt);
    return id;
  }
}

@Injectable()
class Checkout {
  constructor(@InjectQueue(Orders) readonly orders: Queue) {}
}

@Module({
  imports: [StepstreamModule.registerQueue(Orders, 'mail')],
  providers: [Payments, Orders, Checkout],
  exports: [Checkout],
})
class OrdersModule {}

describe('StepstreamModule', () => {
  it('finds processors among the providers of any module, injects into them, and injects queues', async () => {
    const nest = await started({ imports: [StepstreamModule.forRoot(), OrdersModule] });
    const { orders } = nest.get(Checkout, { strict: false });
    const job = await orders.add('order', 'A');
    const app = nest.get<App>(getAppToken());
    expect((await app.queue('mail').getJob(String(await job.result())))?.data).toBe('paid A');
    expect(orders).toBe(app.queue(Orders));
    expect(nest.get(getQueueToken('orders'))).toBe(orders);
  });

  it('several processors share a queue by job name', async () => {
    @Processor('orders', { job: 'refund' })
    class Refunds {
      @Step() refund(): Observable<string> {
        return of('refunded');
      }
    }
    const nest = await started({ imports: [StepstreamModule.forRoot(), OrdersModule], providers: [Refunds] });
    const { orders } = nest.get(Checkout, { strict: false });
    expect(await (await orders.add('refund', 'A')).result()).toBe('refunded');
    expect(await (await orders.add('order', 'A')).result()).toBe('1');
  });

  describe('forRootAsync', () => {
    const engine = memoryEngine();

    @Injectable()
    class Config implements StepstreamOptionsFactory {
      async createStepstreamOptions(): Promise<StepstreamOptions> {
        return { connection: engine, prefix: 'mine' };
      }
    }
    @Module({ providers: [Config], exports: [Config] })
    class ConfigModule {}

    it.each<[string, () => DynamicModule]>([
      [
        'useFactory, with inject and imports',
        () =>
          StepstreamModule.forRootAsync({
            imports: [ConfigModule],
            inject: [Config],
            useFactory: (config: Config) => config.createStepstreamOptions(),
          }),
      ],
      ['useClass', () => StepstreamModule.forRootAsync({ useClass: Config })],
      ['useExisting', () => StepstreamModule.forRootAsync({ imports: [ConfigModule], useExisting: Config })],
      [
        'useFactory, with extraProviders',
        () =>
          StepstreamModule.forRootAsync({
            extraProviders: [{ provide: 'prefix', useValue: 'mine' }],
            inject: ['prefix'],
            useFactory: (prefix: string) => ({ connection: engine, prefix }),
          }),
      ],
    ])('takes the options of %s', async (_, root) => {
      const nest = await started({ imports: [root(), OrdersModule] });
      const { orders } = nest.get(Checkout, { strict: false });
      expect(nest.get<App>(getAppToken()).engine).toBe(engine);
      expect(orders.qualifiedName).toBe('mine:orders');
    });

    it.each([{}, { useClass: Config, useExisting: Config }, { useFactory: () => ({}), inejct: [] }])(
      'refuses %p',
      (options) => {
        expect(() => StepstreamModule.forRootAsync(options as never)).toThrow(ConfigurationError);
      },
    );
  });

  it('a queue may be registered with default options for its jobs, known now or later', async () => {
    @Injectable()
    class Both {
      constructor(
        @InjectQueue('now') readonly now: Queue,
        @InjectQueue('later') readonly later: Queue,
      ) {}
    }
    const nest = await started({
      imports: [
        StepstreamModule.forRoot(),
        StepstreamModule.registerQueue({ name: 'now', defaultJobOptions: { attempts: 3 } }),
        StepstreamModule.registerQueueAsync({
          name: 'later',
          useFactory: async () => ({ defaultJobOptions: { attempts: 4 } }),
        }),
      ],
      providers: [Both],
    });
    const { now, later } = nest.get(Both);
    expect((await now.add('job', 1)).opts.attempts).toBe(3);
    expect((await later.add('job', 1)).opts.attempts).toBe(4);
    expect(await nest.get<App>(getAppToken()).queue('now').getJobCounts('waiting')).toEqual({ waiting: 1 });
  });

  it('the app, a flow producer, and the events of a registered queue are injected too', async () => {
    @Injectable()
    class Watcher {
      constructor(
        @InjectApp() readonly app: App,
        @InjectFlowProducer() readonly flows: FlowProducer,
        @InjectQueueEvents('orders') readonly events: QueueEvents,
      ) {}
    }
    const nest = await started({
      imports: [StepstreamModule.forRoot(), OrdersModule, StepstreamModule.registerQueueEvents('orders')],
      providers: [Watcher],
    });
    const { app, flows, events } = nest.get(Watcher);
    const completed = new Promise((resolve) => events.once('completed', ({ returnvalue }) => resolve(returnvalue)));
    await flows.add({ name: 'order', queueName: 'orders', data: 'A' });
    expect(await completed).toBe('1');
    expect(app.worker(Orders).isRunning()).toBe(true);
  });

  describe('named connections', () => {
    const [here, there] = [memoryEngine(), memoryEngine()];
    const roots = [
      StepstreamModule.forRoot({ connection: here }),
      StepstreamModule.forRoot({ name: 'archive', connection: there }),
    ];

    @Processor('reports')
    class Reports {
      @Step() write(): Observable<string> {
        return of('written');
      }
    }

    it('a processor works where its queue is registered', async () => {
      const nest = await started({
        imports: [...roots, StepstreamModule.registerQueue({ name: Reports, connection: 'archive' })],
        providers: [Reports],
      });
      const queue = nest.get<Queue>(getQueueToken(Reports, 'archive'));
      expect(await (await queue.add('report', 1)).result()).toBe('written');
      expect(queue).toBe(nest.get<App>(getAppToken('archive')).queue(Reports));
      expect(() => nest.get<App>(getAppToken()).worker(Reports)).toThrow(UnknownProcessorError);
    });

    it('a processor works where @UseConnection says, and on the default one without either', async () => {
      @Processor('reports')
      @UseConnection('archive')
      class Archived extends Reports {}
      const nest = await started({ imports: [...roots], providers: [Archived, Reports] });
      const apps = [nest.get<App>(getAppToken()), nest.get<App>(getAppToken('archive'))] as const;
      expect([apps[0].engine, apps[1].engine]).toEqual([here, there]);
      expect(apps[0].worker(Reports)).not.toBe(apps[1].worker(Archived));
    });

    it('a queue that is registered on two leaves open where its processor works: refused, with the way out', async () => {
      const queues = StepstreamModule.registerQueue('reports', { name: 'reports', connection: 'archive' });
      const { message } = await refusal({ imports: [...roots, queues], providers: [Reports] });
      expect(message).toContain("choose with @UseConnection('default')");
    });

    it('a name that no connection has is refused, with the names that there are', async () => {
      @Processor('reports')
      @UseConnection('archiv')
      class Misspelt extends Reports {}
      const processors = await refusal({ imports: [...roots], providers: [Misspelt] });
      expect(processors.message).toContain('there is no connection "archiv", there is default, archive');
      const queue = StepstreamModule.registerQueue({ name: 'mail', connection: 'archiv' });
      const queues = await refusal({ imports: [...roots, queue] });
      expect(queues.message).toContain(
        `there is no connection "archiv", there is default, archive: import StepstreamModule.forRoot({ name: 'archiv', … })`,
      );
    });

    it('two of one name are refused', async () => {
      const { message } = await refusal({ imports: [...roots, StepstreamModule.forRoot()] });
      expect(message).toContain('two connections are named "default": call forRoot once, or give each a name');
    });
  });

  describe('refuses what is wrong, all together, and names the way out:', () => {
    it('no forRoot', async () => {
      const error = await refusal({ imports: [OrdersModule] });
      expect(error).toBeInstanceOf(ConfigurationError);
      expect(error.message).toContain(
        'there is no connection "default", there is none: import StepstreamModule.forRoot(…)',
      );
    });

    it("the options of a connection, with the processors' declarations", async () => {
      @Processor('empty')
      class Empty {}
      const options = {
        prefix: 'a:b',
        workers: 'no',
        processors: [],
        defaultJobOptions: {},
        colour: 'red',
        grace: 'soon',
      };
      const { message } = await refusal({ imports: [StepstreamModule.forRoot(options as never)], providers: [Empty] });
      expect(message).toMatch(/connection "default": there is no option "processors": processors are found among/);
      expect(message).toMatch(/connection "default": there is no option "defaultJobOptions": they are a queue's/);
      expect(message).toMatch(/connection "default": workers must be true or false/);
      expect(message).toMatch(/connection "default": prefix must/);
      expect(message).toMatch(/connection "default": grace must/);
      expect(message).toMatch(/connection "default": there is no option "colour"/);
      expect(message).toMatch(/NO_STEPS/);
      expect(message.match(/no option "(processors|defaultJobOptions)"/g)).toHaveLength(2);
    });

    it.each([undefined, null, 'redis://localhost', []])('options that are %p and come later', async (options) => {
      const root = StepstreamModule.forRootAsync({ useFactory: () => options as never });
      expect((await refusal({ imports: [root] })).message).toContain('the options must be an object');
    });

    it.each([null, 'redis://localhost', [], { name: '' }, { name: 5 }])('forRoot(%p)', (options) => {
      expect(() => StepstreamModule.forRoot(options as never)).toThrow(ConfigurationError);
    });

    it.each([null, 5, {}, { name: '' }, { name: 'a', colour: 'red' }, { name: 'a', connection: 5 }])(
      'registerQueue(%p)',
      (queue) => {
        expect(() => StepstreamModule.registerQueue(queue as never)).toThrow(expect.any(StepstreamError));
        expect(() => StepstreamModule.registerQueueEvents(queue as never)).toThrow(expect.any(StepstreamError));
      },
    );

    it.each([null, { defaultJobOpts: {} }, { defaultJobOptions: { attempts: 'three' } }])(
      "a queue's options that are %p and come later",
      async (options) => {
        const queue = StepstreamModule.registerQueueAsync({ name: 'mail', useFactory: () => options as never });
        expect(await refusal({ imports: [StepstreamModule.forRoot(), queue] })).toBeInstanceOf(ConfigurationError);
      },
    );

    it.each([undefined, null, 'mail', {}, { name: 'mail' }, { name: 5, useFactory: () => ({}) }])(
      'registerQueueAsync(%p), and forRootAsync',
      (options) => {
        expect(() => StepstreamModule.registerQueueAsync(options as never)).toThrow(ConfigurationError);
        expect(() => StepstreamModule.forRootAsync(options as never)).toThrow(ConfigurationError);
      },
    );

    it('a queue of a class that is no processor, as two files that import each other make it', () => {
      expect(() => StepstreamModule.registerQueue(Payments)).toThrow('Payments has no @Processor of its own');
      expect(() => InjectQueue(undefined as never)).toThrow('do two files import each other');
    });

    it('a processor that two modules provide: there would be two of it', async () => {
      @Module({ imports: [OrdersModule], providers: [Payments, Orders] })
      class AdminModule {}
      const queues = StepstreamModule.registerQueue('mail');
      const { message } = await refusal({
        imports: [StepstreamModule.forRoot(), { module: AdminModule, imports: [queues] }],
      });
      expect(message).toContain('it is provided as Orders in AdminModule and Orders in OrdersModule');
    });

    it('a processor that a factory makes under another token: nobody could know of it in time', async () => {
      @Processor('reports')
      class Reports {
        @Step() write(): Observable<number> {
          return of(1);
        }
      }
      const provider = { provide: 'reports', useFactory: () => new Reports() };
      const { message } = await refusal({ imports: [StepstreamModule.forRoot()], providers: [provider] });
      expect(message).toContain('{ provide: Reports, useFactory }');
    });
  });

  it('takes processors that are provided by a factory, by a value, by another class, and by an alias once', async () => {
    const made = (queue: string) => {
      @Processor(queue)
      class Made {
        by = 'itself';
        @Step() step(): Observable<string> {
          return of(this.by);
        }
      }
      return Made;
    };
    const [ByFactory, ByValue, ByClass, ByToken] = [made('a'), made('b'), made('c'), made('d')];
    class Another extends ByClass {
      override by = 'another class';
    }
    const nest = await started({
      imports: [StepstreamModule.forRoot()],
      providers: [
        { provide: ByFactory, useFactory: async () => Object.assign(new ByFactory(), { by: 'a factory' }) },
        { provide: ByValue, useValue: Object.assign(new ByValue(), { by: 'a value' }) },
        { provide: ByClass, useClass: Another },
        { provide: 'token', useValue: Object.assign(new ByToken(), { by: 'a value of another token' }) },
        { provide: 'alias', useExisting: ByFactory },
      ],
    });
    const app = nest.get<App>(getAppToken());
    const jobs = await Promise.all(['a', 'b', 'c', 'd'].map((queue) => app.queue(queue).add('job', 1)));
    expect(await Promise.all(jobs.map((job) => job.result()))).toEqual([
      'a factory',
      'a value',
      'another class',
      'a value of another token',
    ]);
  });

  it('injects by a token as well as by a decorator', async () => {
    @Injectable()
    class ByToken {
      constructor(@Inject(getQueueToken(Orders)) readonly orders: Queue) {}
    }
    const nest = await compiled({
      imports: [StepstreamModule.forRoot(), StepstreamModule.registerQueue(Orders)],
      providers: [ByToken],
    });
    expect(nest.get(ByToken).orders.name).toBe('orders');
  });

  it('tells the telemetry that it is given of what its queues add and its processors run', async () => {
    const telemetry = prometheus({ process: false });
    const nest = await started({ imports: [StepstreamModule.forRoot({ telemetry }), OrdersModule] });
    await (await nest.get(Checkout, { strict: false }).orders.add('order', 'A')).result();
    const text = await telemetry.text();
    for (const queue of ['orders', 'mail']) {
      expect(text).toMatch(new RegExp(`messaging_client_sent_messages_total\\{.*"${queue}".*\\} 1`));
    }
    expect(text).toMatch(/stepstream_activations_total\{.*"orders".*"completed".*\} 1/);
  });

  it("what Stepstream warns of goes to Nest's logger, under the connection's name, or to one of one's own", async () => {
    const logged: unknown[][] = [];
    const note = (...args: unknown[]): void => void logged.push(args);
    const logger = { log: () => {}, warn: note, error: note };
    const mine = { warn: (message: string) => void logged.push(['mine', message]), error: () => {} };
    const nest = await compiled(
      {
        imports: [
          StepstreamModule.forRootAsync({ useFactory: () => ({ connection: undefined, logger: mine }) }),
          StepstreamModule.forRootAsync({ name: 'archive', useFactory: () => ({ connection: undefined }) }),
        ],
      },
      (builder) => builder.setLogger(logger),
    );
    expect(nest).toBeDefined();
    expect(logged).toEqual([
      ['mine', expect.stringContaining('jobs are kept in memory')],
      [expect.stringContaining('jobs are kept in memory'), 'Stepstream archive'],
    ]);
  });
});
