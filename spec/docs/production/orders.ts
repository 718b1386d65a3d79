import { NEVER, concatMap, defer, of, range, tap, timer } from 'rxjs';
import { Processor, Step, delay, type StepJob } from 'stepstream';

export interface Order {
  readonly parcels: number;
  /** How long it sleeps before the first is packed. */
  readonly sleep?: string;
  readonly bankIsSilent?: boolean;
}

/** Milliseconds that a parcel takes. */
const pace = Number(process.env['PACE'] ?? 0);

/** It writes down what it does, so that a test sees how often that was. */
@Processor('orders')
export class Orders {
  @Step() wait({ data: { sleep } }: StepJob<Order>) {
    return of('slept').pipe(delay(sleep ?? 0));
  }

  @Step() pack({ id, data: { parcels }, saved = 0 }: StepJob<Order, number>) {
    return range(saved + 1, parcels - saved).pipe(
      concatMap((parcel) => timer(pace).pipe(concatMap(() => of(parcel)))),
      tap((parcel) => console.log(`order ${id}: parcel ${parcel}`)),
    );
  }

  @Step() charge({ id, data: { bankIsSilent } }: StepJob<Order>) {
    return defer(() => {
      console.log(`order ${id}: asks the bank`);
      return bankIsSilent ? NEVER : of('charged');
    });
  }
}
