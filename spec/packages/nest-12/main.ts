/** NestJS 12, which is ES modules only, with TypeScript 7: an application that works, and closes in the middle of a job. */
import { Inject, Injectable, Module, Scope, type OnModuleDestroy } from '@nestjs/common';
import { NestFactory, REQUEST } from '@nestjs/core';
import { of } from 'rxjs';
import { Processor, Step, type App, type Job, type Queue, type StepJob } from 'stepstream';
import { getAppToken, InjectQueue, StepstreamModule } from 'stepstream/nestjs';

interface Order {
  readonly of: string;
  readonly cents: number;
}

@Injectable()
class Database implements OnModuleDestroy {
  open = true;
  onModuleDestroy(): void {
    this.open = false;
    console.log('the database closes');
  }
}

@Injectable({ scope: Scope.REQUEST })
class Customer {
  constructor(@Inject(REQUEST) readonly job: Job<Order>) {}
}

@Processor('orders')
class Orders {
  constructor(
    private readonly customer: Customer,
    private readonly database: Database,
  ) {}

  @Step() identify({ data }: StepJob<Order>) {
    const { job } = this.customer;
    if (data.cents > 0) console.log(`the request is job ${job.id} of ${job.data.of}`);
    return of(job.data.of);
  }

  @Step({ after: 'identify' }) async charge({ data }: StepJob<Order>, customer: string) {
    if (data.cents > 0) return `paid ${data.cents} cents for ${customer}`;
    charging();
    await closing;
    console.log(`draining: the last step is ${this.database.open ? 'done' : 'too late'}`);
    return 'nothing to pay';
  }
}

@Injectable()
class Checkout {
  constructor(@InjectQueue(Orders) readonly orders: Queue<Order, string>) {}
}

@Module({
  imports: [StepstreamModule.forRoot(), StepstreamModule.registerQueue(Orders)],
  providers: [Database, Customer, Orders, Checkout],
})
class AppModule {}

let charging!: () => void;
let draining!: () => void;
const charged = new Promise<void>((resolve) => (charging = resolve));
const closing = new Promise<void>((resolve) => (draining = resolve));

async function main(): Promise<void> {
  const nest = await NestFactory.createApplicationContext(AppModule, { logger: ['warn', 'error'] });
  const { orders } = nest.get(Checkout);
  const job = await orders.add('order', { of: 'Ada', cents: 1_250 });
  console.log('result:', await job.result());
  await orders.add('order', { of: 'Babbage', cents: 0 });
  await charged;
  nest.get<App>(getAppToken()).worker(Orders).once('closing', draining);
  await nest.close();
}

void main();
