import { concat, from, map, of, throwError, type Observable } from 'rxjs';
import { Processor, Step, awaitChildren, checkpoint, delay, type StepJob } from 'stepstream';

export interface Order {
  readonly parcels?: readonly string[];
  readonly note?: string;
  /** Its card is declined. */
  readonly broke?: boolean;
}

/** What a stranger may put into a job to have a terminal do. */
export const hostile = '\u001B[2J\u001B]0;mine\u0007\u009B31m\u202Etxt.exe';

@Processor('orders', { concurrency: 10 })
export class Orders {
  @Step({ attempts: 2 }) charge(job: StepJob<Order>): Observable<object> {
    if (job.data.broke) return throwError(() => new Error(`declined ${hostile}`));
    return concat(of({ asked: 'bank' }), of({ receipt: 'r-1' }));
  }

  @Step({ after: 'charge' }) ship(job: StepJob<Order>): Observable<readonly string[]> {
    job.log(`ships ${hostile}`);
    return from(job.data.parcels ?? []).pipe(
      awaitChildren((parcel) => ({ queue: 'parcels', name: 'ship', data: parcel })),
    );
  }

  @Step({ after: 'ship' }) review(_job: StepJob<Order>, tracking: readonly string[]): Observable<string> {
    return of(tracking).pipe(
      checkpoint(),
      delay('3 days', { key: 'calm' }),
      map(() => 'asked'),
    );
  }
}
