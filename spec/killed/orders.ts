import { concatMap, defer, map, NEVER, of, range, tap, throwError, timer, toArray, type Observable } from 'rxjs';
import {
  addChildren,
  awaitChildren,
  checkpoint,
  checkpointMap,
  delay,
  goto,
  Processor,
  Step,
  type Class,
  type ProcessorOptions,
  type StepJob,
} from 'stepstream';

/** How much an order is. */
export interface Order {
  /** Milliseconds that each effect takes, from what it does to the world to the value that comes of it. */
  readonly work: number;
  /** Milliseconds that it sleeps, and every other child of it. */
  readonly nap: number;
  /** Children that it awaits. */
  readonly parcels: number;
  /** Children that it adds and goes on; when it `collects` them it awaits them later, else its end does. */
  readonly extras: number;
  readonly collects: boolean;
  /** Visits of its last step, with so many items each, at least one. */
  readonly rounds: number;
  readonly items: number;
}

export interface Parcel {
  readonly work: number;
  readonly number: number;
  readonly nap: number;
}

export interface OrderResult {
  readonly parcels: readonly string[];
  readonly extras: readonly string[];
  readonly round: number;
  readonly items: readonly number[];
}

export interface OrderWorker extends Omit<ProcessorOptions, 'job'> {
  /** Does something to the world. What it answers is called when the value is passed on that comes of it. */
  readonly effect: (job: StepJob, label: string) => () => void;
  /** Whether orders get no further than their first checkpoint here. */
  readonly holds: boolean;
}

/**
 * The processors of orders and their parcels. Between each two effects of a job something durable happens: so they come in a
 * known order, and a crash may repeat the last of them at most.
 */
export function orderProcessors({ effect, holds, ...options }: OrderWorker): readonly Class[] {
  const done = <V>(job: StepJob<Order | Parcel>, label: string, value: V): Observable<V> =>
    defer(() => {
      const passedOn = effect(job, label);
      return (job.data.work > 0 ? timer(job.data.work) : of(0)).pipe(
        tap(passedOn),
        map(() => value),
      );
    });

  @Processor('parcels', options)
  class Parcels {
    @Step() weigh(job: StepJob<Parcel>) {
      return done(job, 'weigh', job.data.number).pipe(job.data.nap > 0 ? delay(job.data.nap) : checkpoint());
    }

    /** Every third one tears at the first try: an attempt more is one too many, if a crash should count as one. */
    @Step({ after: 'weigh', attempts: 2 }) label(job: StepJob<Parcel>, weight: number) {
      if (weight % 3 === 1 && job.attemptsMade === 0) return throwError(() => new Error('the label is torn'));
      return done(job, 'label', labelOf(job.name, weight));
    }
  }

  @Processor('orders', options)
  class Orders {
    @Step() charge(job: StepJob<Order>) {
      return done(job, 'charge', 'charged').pipe(
        checkpoint(),
        concatMap((value) => (holds ? NEVER : of(value))),
        concatMap((value) => done(job, 'receipt', value)),
        delay(job.data.nap),
        concatMap((value) => done(job, 'reminder', value)),
      );
    }

    @Step({ after: 'charge' }) ship(job: StepJob<Order>) {
      const { parcels, extras, nap, work } = job.data;
      const child = (name: string) => (number: number) => ({
        queue: Parcels,
        name,
        data: { work, number, nap: number % 2 === 0 ? nap : 0 },
      });
      return range(0, extras).pipe(
        addChildren(child('extra')),
        toArray(),
        concatMap(() => done(job, 'pack', undefined)),
        concatMap(() => range(0, parcels)),
        awaitChildren<number, string>(child('parcel')),
        concatMap((labels) => done(job, 'hand over', labels)),
        map((labels): OrderResult => ({ parcels: labels, extras: [], round: 0, items: [] })),
      );
    }

    @Step({ after: 'ship' }) stamp(job: StepJob<Order>, before: OrderResult) {
      const { items, rounds, collects } = job.data;
      const round = before.round + 1;
      const extras$ =
        collects && round === 1 ? of(undefined).pipe(awaitChildren<undefined, string>()) : of(before.extras);
      return extras$.pipe(
        concatMap((extras) => range(0, items).pipe(map((item) => ({ item, extras })))),
        checkpointMap((each) => done(job, `item ${each.item}`, each)),
        toArray(),
        concatMap((stamped) => done(job, 'stamp', stamped)),
        map((stamped): OrderResult => ({
          ...before,
          extras: stamped[0]!.extras,
          round,
          items: stamped.map(({ item }) => item),
        })),
        goto(() => (round < rounds ? 'stamp' : undefined)),
      );
    }
  }
  return [Orders, Parcels];
}

function labelOf(name: string, number: number): string {
  return `${name} ${number}`;
}

// --- what must come of it ---

const numbers = (count: number): readonly number[] => Array.from({ length: count }, (_, index) => index);

export function resultOf({ parcels, extras, collects, rounds, items }: Order): OrderResult {
  return {
    parcels: numbers(parcels).map((number) => labelOf('parcel', number)),
    extras: collects ? numbers(extras).map((number) => labelOf('extra', number)) : [],
    round: rounds,
    items: numbers(items),
  };
}

/** The effects of an order, `<step>/<visit>/<label>`, in their order. */
export function effectsOf({ rounds, items }: Order): readonly string[] {
  return [
    'charge/1/charge',
    'charge/1/receipt',
    'charge/1/reminder',
    'ship/2/pack',
    'ship/2/hand over',
    ...numbers(rounds).flatMap((round) =>
      [...numbers(items).map((item) => `item ${item}`), 'stamp'].map((label) => `stamp/${round + 3}/${label}`),
    ),
  ];
}

export const effectsOfParcel: readonly string[] = ['weigh/1/weigh', 'label/2/label'];

/** The children of an order by name, as often as they must be there. */
export function childrenOf({ parcels, extras }: Order): ReadonlyMap<string, number> {
  return new Map([
    ['parcel', parcels],
    ['extra', extras],
  ]);
}

export function resultOfChild(name: string, { number }: Parcel): string {
  return labelOf(name, number);
}
