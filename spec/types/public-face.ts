/**
 * Compiled, never run: the design's example and the shapes of the public face, as users write them. What must not
 * compile stands in `misuse.ts`.
 */
import { concatMap, from, map, of, type Observable, type Subscribable } from 'rxjs';
import {
  InjectQueue,
  Processor,
  Step,
  awaitChildren,
  checkpoint,
  createApp,
  delay,
  memoryEngine,
  type App,
  type ChildSpec,
  type DataOf,
  type Job,
  type JobProgress,
  type Queue,
  type StepJob,
  type StepMethod,
  type Worker,
} from 'stepstream';
import { container } from 'tsyringe';

/** Compiles when both are the same type; `any` is the same as `any` only. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;
export declare function same<A, B>(...proof: Same<A, B> extends true ? [] : ['the types differ']): void;

export interface Order {
  readonly total: number;
  readonly parcels: readonly Parcel[];
}
export interface Parcel {
  readonly weight: number;
}
export interface Receipt {
  readonly no: string;
}
export interface Tracking {
  readonly code: string;
}
export abstract class Payments {
  abstract charge(order: Order, idempotencyKey: string): Observable<Receipt>;
}
export abstract class Mail {
  abstract askForReview(order: Order): Observable<'asked'>;
}

// --- the design's example ---

@Processor('orders', { concurrency: 50 })
export class OrderProcessor {
  constructor(
    private readonly payments: Payments,
    private readonly mail: Mail,
  ) {}

  @Step({ attempts: 5, backoff: { type: 'exponential', delay: 1_000 } })
  charge(job: StepJob<Order>) {
    return this.payments.charge(job.data, job.idempotencyKey);
  }

  @Step({ after: 'charge' })
  ship(job: StepJob<Order>, _receipt: Receipt) {
    return from(job.data.parcels).pipe(
      awaitChildren((parcel) => ({ queue: 'parcels', name: 'ship', data: parcel })), // Tracking[]
    );
  }

  @Step({ after: 'ship' })
  review(job: StepJob<Order>, tracking: Tracking[]) {
    return of(tracking).pipe(
      delay('3 days'),
      concatMap(() => this.mail.askForReview(job.data)),
    );
  }
}

export async function main(): Promise<void> {
  const app: App = createApp({ processors: [OrderProcessor] });
  await app.start();
  const job = await app.queue(OrderProcessor).add('order', { total: 1, parcels: [] });
  job.progress$.subscribe((progress: JobProgress) => console.log(progress.step, progress.emission));
  console.log(await job.result());
  await app.close({ grace: '10 s' });
}

// --- what a step may be ---

@Processor('shapes', {
  job: ['a', 'b'],
  concurrency: 2,
  lockDuration: 10_000,
  stalledInterval: 5_000,
  maxStalledCount: 1,
  parkAfter: 20_000,
  unknownStepGrace: 600_000,
})
export class Shapes {
  @Step()
  observable(job: StepJob<Order, { page: number }>): Observable<Receipt> {
    same<typeof job.saved, { page: number } | undefined>();
    same<typeof job.data, Order>();
    return of({ no: job.idempotencyKeyFor('charge') });
  }

  @Step({ after: 'observable' })
  async promise(_job: StepJob<Order>, receipt: Receipt): Promise<Tracking> {
    return { code: receipt.no };
  }

  @Step({ after: 'promise' })
  async *iterable(_job: StepJob<Order>, tracking: Tracking): AsyncGenerator<number> {
    yield tracking.code.length;
  }

  @Step({ after: 'iterable' })
  union(_job: StepJob<Order>, count: number): Observable<string> | Promise<string> {
    return count > 0 ? of('some') : Promise.resolve('none');
  }

  /** A step may take more than it is given. */
  @Step({ after: 'union', timeout: '30 s', was: ['wide'] })
  wider(_job: StepJob<Order>, input: string | number): Observable<void> {
    return of(void input);
  }

  @Step({ after: 'wider' })
  withoutInput(_job: StepJob<Order>): Observable<never> {
    return of();
  }

  @Step({ after: 'withoutInput' })
  optional(_job: StepJob<Order>, input?: Receipt): Observable<Receipt | undefined> {
    return of(input);
  }

  @Step({ after: 'optional' })
  subscribable(_job: StepJob<Order>, input: Receipt | undefined): Subscribable<Receipt | undefined> {
    return { subscribe: (observer) => of(input).subscribe(observer) };
  }

  @Step({ after: 'subscribable' })
  afterSubscribable(_job: StepJob<Order>, input: Receipt | undefined): Promise<Receipt | undefined> {
    return Promise.resolve(input);
  }

  @Step({ after: undefined, attempts: 3, backoff: 1_000 })
  withoutAfter(_job: StepJob<Order>, input: Receipt | undefined): Promise<Receipt | undefined> {
    return Promise.resolve(input);
  }
}

abstract class Base {
  @Step()
  load(job: StepJob<Order>): Observable<Order> {
    return of(job.data).pipe(checkpoint());
  }

  protected abstract rate(order: Order): number;
}

@Processor('inherited')
export class Inherited extends Base {
  /** `after` may name a step of the base class. */
  @Step({ after: 'load' })
  price(_job: StepJob<Order>, order: Order): Observable<number> {
    return of(order.total * this.rate(order));
  }

  protected override rate(order: Order): number {
    return order.total;
  }
}

export const asMethod: StepMethod = (job: StepJob<Order>, input: Receipt) => of(job.data, input);

// --- queues, jobs, children ---

export class Checkout {
  constructor(
    @InjectQueue(OrderProcessor) readonly orders: Queue<Order>,
    @InjectQueue('parcels') readonly parcels: Queue<Parcel, Tracking>,
  ) {}
}

export async function queues(app: App): Promise<void> {
  same<DataOf<OrderProcessor>, Order>();
  const orders = app.queue(OrderProcessor);
  same<typeof orders, Queue<Order>>();
  await orders.add('order', { total: 1, parcels: [{ weight: 2 }] }, { delay: 5, jobId: 'one' });
  await orders.addBulk([{ name: 'order', data: { total: 1, parcels: [] }, opts: { attempts: 2 } }]);

  const parcels = app.queue<Parcel, Tracking>('parcels');
  const job: Job<Parcel, Tracking> = await parcels.add('ship', { weight: 1 });
  same<Awaited<ReturnType<typeof job.result>>, Tracking>();

  // BullMQ's own defaults
  const loose = app.queue('loose');
  same<typeof loose, Queue>();
  await loose.add('anything', 1);

  const worker: Worker = app.worker(OrderProcessor);
  worker.on('completed', (done, result) => console.log(done.id, result));
}

export const children: readonly ChildSpec<OrderProcessor>[] = [
  { queue: 'by-name', name: 'any', data: 'of any kind' },
  { queue: 'by-name', name: 'without data' },
  { queue: OrderProcessor, name: 'order', data: { total: 1, parcels: [] }, opts: { attempts: 3 } },
];

export const streams = {
  children: of(1).pipe(awaitChildren<number, Tracking>((n, index) => [{ queue: 'q', name: `${n}`, data: index }])),
  delayed: of(1).pipe(
    delay((values) => new Date(values.length)),
    map((value) => value + 1),
  ),
};
same<typeof streams.children, Observable<Tracking[]>>();

// --- apps ---

export const apps = [
  createApp(),
  createApp({ connection: undefined }),
  createApp({ connection: memoryEngine(), prefix: '{shop}', logger: console }),
  createApp({ resolver: container }),
  createApp({ resolver: container.createChildContainer() }),
  createApp({ resolver: new Map() }),
  createApp({ resolver: { get: async (token: new () => object) => new token() } }),
  createApp({ processors: [Inherited, Shapes] as const }),
];
