import { from, map, of, timer } from 'rxjs';
import { awaitChildren, delay, Processor, Step, type StepJob } from 'stepstream';
import { OrderRepository } from './order-repository.js';
import type { Order } from './order.js';
import { ParcelProcessor } from './parcel-processor.js';

@Processor('nestjs-orders', { concurrency: 2 })
export class OrderProcessor {
  constructor(private readonly done: OrderRepository) {}

  @Step() charge(job: StepJob<Order>) {
    const { customer, cents } = job.data;
    return timer(200).pipe(
      map(() => {
        this.done.note(job.idempotencyKey, customer, `${cents} cents charged`);
        return cents;
      }),
    );
  }

  @Step({ after: 'charge' }) ship({ data: { customer, parcels } }: StepJob<Order>, _cents: number) {
    return from(parcels).pipe(
      awaitChildren((content) => ({ queue: ParcelProcessor, name: 'parcel', data: { customer, content } })),
    );
  }

  @Step({ after: 'ship' }) review(job: StepJob<Order>, packed: readonly string[]) {
    return of(packed).pipe(
      delay('1 s'), // days, in a shop of this world
      map((parcels) => {
        this.done.note(job.idempotencyKey, job.data.customer, 'review asked for');
        return `${parcels.length} parcels`;
      }),
    );
  }
}
