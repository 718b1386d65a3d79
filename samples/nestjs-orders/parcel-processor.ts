import { map, timer } from 'rxjs';
import { Processor, Step, type StepJob } from 'stepstream';
import { OrderRepository } from './order-repository.js';
import type { Parcel } from './order.js';

/** Each parcel is a job of its own: a child of its order's. */
@Processor('nestjs-parcels', { concurrency: 2 })
export class ParcelProcessor {
  constructor(private readonly done: OrderRepository) {}

  @Step() pack(job: StepJob<Parcel>) {
    const { customer, content } = job.data;
    return timer(100).pipe(
      map(() => {
        this.done.note(job.idempotencyKey, customer, `${content} packed`);
        return `${content} for ${customer}`;
      }),
    );
  }
}
