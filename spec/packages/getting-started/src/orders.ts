import { map, of, tap, timer } from 'rxjs';
import { delay, Processor, Step, type StepJob } from 'stepstream';

export interface Order {
  readonly item: string;
  readonly cents: number;
}

@Processor('orders')
export class Orders {
  @Step() charge(job: StepJob<Order>) {
    console.log(`charging ${job.data.cents} cents`);
    return of(`receipt for ${job.data.cents} cents`);
  }

  @Step({ after: 'charge' }) pack(job: StepJob<Order>, receipt: string) {
    console.log(`packing the ${job.data.item}, with the ${receipt}`);
    return timer(5_000).pipe(map(() => `the ${job.data.item} in a box`));
  }

  @Step({ after: 'pack' }) askForReview(_job: StepJob<Order>, parcel: string) {
    return of(parcel).pipe(
      delay('3 seconds'), // make it three days: nothing else changes
      tap(() => console.log(`asking how they like ${parcel}`)),
      map(() => 'asked for a review'),
    );
  }
}
