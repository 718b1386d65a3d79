import { concatMap, of, tap, type Observable } from 'rxjs';
import { delay, Processor, Step, type StepJob } from 'stepstream';
import { crashMatrix } from 'stepstream/testing';

abstract class Payments {
  abstract charge(order: string, key: string): Observable<string>;
}
abstract class Mail {
  abstract send(text: string): Observable<string>;
}

@Processor('orders')
class Orders {
  #field = '';
  constructor(
    private readonly payments: Payments,
    private readonly mail: Mail,
  ) {}

  @Step()
  charge(job: StepJob<string>) {
    return this.payments.charge(job.data, job.idempotencyKey).pipe(tap((r) => (this.#field = r)));
  }

  @Step({ after: 'charge' })
  review(_job: StepJob<string>, receipt: string) {
    let local = '';
    return of(receipt).pipe(
      tap(() => (local = 'x')),
      delay('3 days'),
      concatMap((text) => this.mail.send(text + local + this.#field)),
      delay('3 days'),
    );
  }
}

it('prints', () => {
  const t0 = performance.now();
  const matrix = crashMatrix(Orders, 'A', {
    world: ({ provide, effect, spy }) => {
      provide(Payments, spy('payments', { charge: () => of('receipt') }));
      provide(Mail, { send: (text: string) => effect('mail', text) });
    },
  });
  console.log(String(matrix), performance.now() - t0);
  const t1 = process.cpuUsage().user;
  let n = 0;
  for (let i = 0; i < 50; i++)
    n += crashMatrix(Orders, 'A', {
      world: ({ provide, effect, spy }) => {
        provide(Payments, spy('payments', { charge: () => of('receipt') }));
        provide(Mail, { send: (text: string) => effect('mail', text) });
      },
    }).plans;
  console.log(n / ((process.cpuUsage().user - t1) / 1000), 'plans per ms');
});
