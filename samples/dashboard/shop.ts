import { from, interval, map, of, take, type Observable } from 'rxjs';
import { awaitChildren, delay, Processor, Step, type StepJob } from 'stepstream';

export interface Order {
  readonly customer: string;
  readonly titles: readonly string[];
  readonly byShip?: boolean;
}

export interface Parcel {
  readonly title: string;
  /** A parcel that comes by ship is an hour on its way. */
  readonly byShip?: boolean;
}

/** A title that isn't on the shelf is there when it is looked for again: somebody has been to the store room. */
const shelf = new Set(['Momo', 'Krabat']);

@Processor('parcels', { concurrency: 5 })
export class Parcels {
  @Step()
  label(job: StepJob<Parcel>): Observable<string> {
    job.log(`a label for ${job.data.title} is printed`);
    return of(`label ${job.id.slice(-6)}`);
  }

  @Step({ after: 'label' })
  carry(job: StepJob<Parcel>, label: string): Observable<string> {
    const arrived = of(`${job.data.title} has arrived, ${label}`);
    return job.data.byShip ? arrived.pipe(delay('1 hour')) : arrived;
  }
}

@Processor('orders', { concurrency: 5 })
export class Orders {
  @Step()
  charge(job: StepJob<Order>): Observable<{ receipt: number; cents: number }> {
    job.log(`charges ${job.data.customer}, with key ${job.idempotencyKey}`);
    return of({ receipt: 4711, cents: job.data.titles.length * 1_250 });
  }

  @Step()
  collect(job: StepJob<Order>): Observable<readonly string[]> {
    const missing = job.data.titles.filter((title) => !shelf.has(title));
    for (const title of missing) shelf.add(title);
    if (missing.length > 0) throw new Error(`${missing.join(', ')} is not on the shelf: fetch it, then retry`);
    return of(job.data.titles);
  }

  @Step({ after: 'collect' })
  send(job: StepJob<Order>, titles: readonly string[]): Observable<string[]> {
    return from(titles).pipe(
      awaitChildren((title) => {
        const { byShip = false } = job.data;
        return { queue: Parcels, name: title, data: { title, byShip } };
      }),
    );
  }

  @Step({ after: 'send' })
  review(job: StepJob<Order>, parcels: readonly string[]): Observable<string> {
    return of(parcels).pipe(
      delay('3 days'),
      map(({ length }) => `${job.data.customer} was asked how ${length === 1 ? 'the book is' : 'the books are'}`),
    );
  }
}

/** A plain function: it tells its progress in per cent, for which the page has a circle. */
export function countStock(): Observable<number> {
  return interval(1_000).pipe(
    take(100),
    map((second) => second + 1),
  );
}
