/** Compiled, never run: each line below a `@ts-expect-error` is a mistake that the compiler must find. */
import { of, type Observable, type Subscribable } from 'rxjs';
import {
  InjectQueue,
  Processor,
  Step,
  FlowProducer,
  Queue,
  QueueEvents,
  Worker,
  createApp,
  delay,
  goto,
  type App,
  type ChildSpec,
  type FlowJob,
  type Job,
  type StepJob,
} from 'stepstream';
import { OrderProcessor, type Order, type Receipt } from './public-face.js';
import { events, queue as steps, worker, type Name, type Progress, type Result } from './seed-programs.js';

export class WrongSteps {
  @Step()
  charge(_job: StepJob<Order>) {
    return of({ no: 'r' });
  }

  // @ts-expect-error the input is not charge's output
  @Step({ after: 'charge' })
  ship(_job: StepJob<Order>, _receipt: { wrong: string }) {
    return of(5);
  }

  // @ts-expect-error there is no such step
  @Step({ after: 'chrage' })
  misspelt(_job: StepJob<Order>, n: number) {
    return of(n);
  }

  // @ts-expect-error it is no step: it returns no stream
  @Step({ after: 'helper' })
  afterHelper(_job: StepJob<Order>, n: number) {
    return of(n);
  }

  helper(): number {
    return 1;
  }

  // @ts-expect-error charge's output is narrower than the member of it that is taken
  @Step({ after: 'charge' })
  narrower(_job: StepJob<Order>, receipt: Receipt & { paid: true }) {
    return of(receipt);
  }

  @Step()
  async promised(_job: StepJob<Order>) {
    return 1;
  }

  // @ts-expect-error the promise's value is a number, not a string
  @Step({ after: 'promised' })
  afterPromise(_job: StepJob<Order>, text: string) {
    return of(text);
  }

  // @ts-expect-error it is the promise's value that is handed on, not the promise
  @Step({ after: 'promised' })
  takesPromise(_job: StepJob<Order>, promise: Promise<number>) {
    return promise;
  }

  @Step()
  async *iterated(_job: StepJob<Order>): AsyncGenerator<number> {
    yield 1;
  }

  // @ts-expect-error the iterable's values are numbers, not strings
  @Step({ after: 'iterated' })
  afterIterable(_job: StepJob<Order>, text: string) {
    return of(text);
  }

  @Step()
  subscribable(_job: StepJob<Order>): Subscribable<number> {
    return of(1);
  }

  // @ts-expect-error the values of what is subscribed are numbers, not strings
  @Step({ after: 'subscribable' })
  afterSubscribable(_job: StepJob<Order>, text: string) {
    return of(text);
  }

  // @ts-expect-error one of the two outputs is not taken
  @Step({ after: 'either' })
  afterEither(_job: StepJob<Order>, text: string) {
    return of(text);
  }

  @Step()
  either(_job: StepJob<Order>): Observable<string> | Promise<number> {
    return of('');
  }

  // @ts-expect-error a step returns a stream
  @Step()
  noStream(_job: StepJob<Order>) {
    return 5;
  }

  // @ts-expect-error a step returns a stream, not nothing
  @Step()
  nothing(_job: StepJob<Order>): void {}

  // @ts-expect-error a step has two parameters at most
  @Step()
  threeParameters(_job: StepJob<Order>, _input: number, _more: string) {
    return of(1);
  }

  // @ts-expect-error there is no such option
  @Step({ retries: 3 })
  unknownOption(_job: StepJob<Order>) {
    return of(1);
  }

  // @ts-expect-error attempts is a number
  @Step({ attempts: 'three' })
  wrongOption(_job: StepJob<Order>) {
    return of(1);
  }

  // @ts-expect-error the decorator must be called
  @Step
  notCalled(_job: StepJob<Order>) {
    return of(1);
  }

  // @ts-expect-error it stands on methods, not on properties
  @Step()
  property = (_job: StepJob<Order>) => of(1);

  // @ts-expect-error it stands on methods, not on accessors
  @Step()
  get accessor() {
    return of(1);
  }

  // @ts-expect-error it stands on members with a name
  @Step()
  [Symbol.iterator](_job: StepJob<Order>) {
    return of(1);
  }
}

export class WrongProcessors {
  // @ts-expect-error it stands on classes
  @Processor('method')
  method(_job: StepJob<Order>) {
    return of(1);
  }

  // @ts-expect-error it stands on constructor parameters, not on properties
  @InjectQueue('queue')
  property: unknown;
}

// @ts-expect-error the queue has a name
@Processor()
export class NoName {
  readonly member = 1;
}

// @ts-expect-error the decorator must be called
@Processor
export class NotCalled {
  readonly member = 1;
}

// @ts-expect-error an abstract class has no instances
@Processor('abstract')
export abstract class Abstract {
  readonly member = 1;
}

// @ts-expect-error there is no such option
@Processor('orders', { concurency: 5 })
export class WrongProcessorOption {
  readonly member = 1;
}

export async function queues(app: App): Promise<void> {
  const orders = app.queue(OrderProcessor);
  // @ts-expect-error no member of an order is missing
  await orders.add('order', { total: 1 });
  // @ts-expect-error the data of orders is no text
  await orders.add('order', 'order');
  // @ts-expect-error data is not left out
  await orders.add('order');
  // @ts-expect-error the data of each job is an order
  await orders.addBulk([{ name: 'order', data: { wrong: 1 } }]);
  // @ts-expect-error there is no such option
  await orders.add('order', { total: 1, parcels: [] }, { repeat: 5 });
  // @ts-expect-error a queue is a class or a name
  app.queue(5);
  // @ts-expect-error a worker is found by its processor
  app.worker('orders');
}

export const children: readonly ChildSpec<OrderProcessor>[] = [
  // @ts-expect-error the data is not an order
  { queue: OrderProcessor, name: 'order', data: { wrong: 1 } },
  // @ts-expect-error a processor's data is not left out
  { queue: OrderProcessor, name: 'order' },
  // @ts-expect-error a child has a name
  { queue: 'parcels', data: 1 },
];

// @ts-expect-error a duration is no boolean
export const delayed = of(1).pipe(delay(true));

export const apps = [
  // @ts-expect-error a processor is a class, not an instance
  createApp({ processors: [{}] }),
  // @ts-expect-error there is no such option
  createApp({ processor: [] }),
  // @ts-expect-error a resolver has get or resolve
  createApp({ resolver: { make: () => ({}) } }),
];

export class RoutedWrongly {
  @Step() first(_job: StepJob<number>): Observable<string> {
    return of('text').pipe(goto(this.takesText));
  }
  @Step() second(_job: StepJob<number>): Observable<string> {
    // @ts-expect-error the step takes a number
    return of('text').pipe(goto(this.takesNumber));
  }
  @Step() third(_job: StepJob<number>): Observable<string> {
    // @ts-expect-error there is no such step
    return of('text').pipe(goto(this.nowhere));
  }
  @Step() fourth(_job: StepJob<number>): Observable<string> {
    // @ts-expect-error a function of the value gives a step's name, or nothing
    return of('text').pipe(goto((text) => text.length));
  }
  @Step() takesText(_job: StepJob<number>, text: string): Observable<string> {
    return of(text).pipe(goto((value) => (value === '' ? 'first' : undefined)));
  }
  @Step() takesNumber(_job: StepJob<number>, n: number): Observable<number> {
    return of(n).pipe(goto('first'));
  }
}

// --- the imperative API ---

export const workers: readonly Worker<any, any, any>[] = [
  // @ts-expect-error a worker has a function
  new Worker('steps'),
  // @ts-expect-error a function answers a promise or a stream
  new Worker('steps', (job) => job.id),
  // @ts-expect-error there is no such option
  new Worker('steps', async () => 1, { concurency: 5 }),
  // @ts-expect-error there is no such step
  new Worker<Progress, Result>('steps', async (job) => (job.data.step === 'third' ? 'done' : 'skipped')),
  // @ts-expect-error what is returned is no result
  new Worker<Progress, Result>('steps', async () => 1),
  // @ts-expect-error what is emitted is no result
  new Worker<Progress, Result>('steps', () => of(1)),
  // @ts-expect-error there is no job of this name
  new Worker<Progress, Result, Name>('steps', async (job) => (job.name === 'inport' ? 'done' : 'skipped')),
  // @ts-expect-error a limiter has a duration
  new Worker('steps', async () => 1, { limiter: { max: 5 } }),
];

export async function inFunction(job: Job<Progress, Result>, token: string): Promise<void> {
  // @ts-expect-error the step is none
  await job.updateData({ step: 'third' });
  // @ts-expect-error a time is a number
  await job.moveToDelayed('tomorrow', token);
  // @ts-expect-error the token comes first
  await job.moveToWaitingChildren({ token });
  // @ts-expect-error a job's data is replaced as a whole
  job.data = { step: 'second' };
  // @ts-expect-error there is no such flag
  await job.getDependencies({ done: { count: 5 } });
}

export async function imperative(): Promise<void> {
  // @ts-expect-error there is no job of this name
  await steps.add('inport', { step: 'initial' });
  // @ts-expect-error the data is none of these jobs'
  await steps.add('import', { step: 5 });
  // @ts-expect-error there is no job of this name
  await steps.addBulk([{ name: 'inport', data: { step: 'initial' } }]);
  // @ts-expect-error a parent has a queue
  await steps.add('import', { step: 'initial' }, { parent: { id: '1' } });
  // @ts-expect-error there is no such state
  await steps.getJobs(['done']);
  // @ts-expect-error active jobs are not cleaned by this name
  await steps.clean(0, 0, 'running');
  // @ts-expect-error there is no such option
  void new Queue('steps', { defaultOptions: {} });
}

export const flows: readonly FlowJob<Progress>[] = [
  // @ts-expect-error a job of a flow has a queue
  { name: 'parent', data: { step: 'initial' } },
  // @ts-expect-error the data is none of these jobs'
  { name: 'parent', queueName: 'parents', data: { step: 5 } },
  // @ts-expect-error children are a list
  { name: 'parent', queueName: 'parents', children: { name: 'child', queueName: 'children' } },
];
// @ts-expect-error a producer adds a tree, not a list of them
void new FlowProducer().add(flows);

// @ts-expect-error there is no such event
worker.on('complete', () => {});
// @ts-expect-error the result is a text
worker.on('completed', (_job, result: number) => result);
// @ts-expect-error there is no such event
events.on('finished', () => {});
// @ts-expect-error the result is a text
events.on('completed', ({ returnvalue }: { returnvalue: number }) => returnvalue);
// @ts-expect-error there is no such option
export const heard = new QueueEvents('steps', { from: '0' });
steps.events$.subscribe((event) => {
  // @ts-expect-error a progress has no result
  if (event.type === 'progress') console.log(event.returnvalue);
});
