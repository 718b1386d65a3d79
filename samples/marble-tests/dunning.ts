import { concatMap, map, of, type Observable } from 'rxjs';
import { delay, goto, Processor, Step, type StepJob } from 'stepstream';
import type { Invoice } from './invoice.js';
import { Mail } from './mail.js';
import { Payments } from './payments.js';

/** What is known of an invoice. */
export interface Standing {
  readonly paid: boolean;
  readonly reminders: number;
}

/** Before each look at the account: reminders go out after 3, 10 and 20 days, and after 30 it is over. */
const pauses = ['3 days', '7 days', '10 days', '10 days'] as const;

/** Charges an invoice; when that fails, reminds the customer three times in a month, unless paid. */
@Processor('dunning', { concurrency: 100 })
export class Dunning {
  constructor(
    private readonly payments: Payments,
    private readonly mail: Mail,
  ) {}

  @Step({ attempts: 5, backoff: { type: 'exponential', delay: 60_000 } })
  charge({ data, idempotencyKey }: StepJob<Invoice>): Observable<Standing> {
    return this.payments.charge(data, idempotencyKey).pipe(
      map((paid) => ({ paid, reminders: 0 })),
      goto(({ paid }: Standing) => (paid ? 'close' : 'wait')),
    );
  }

  @Step({ after: 'charge' })
  wait({ data }: StepJob<Invoice>, { reminders }: Standing): Observable<Standing> {
    return of(reminders).pipe(
      delay(pauses[reminders]!),
      concatMap(() => this.payments.isPaid(data)),
      map((paid) => ({ paid, reminders })),
      // the answer is saved with the step: what follows acts on it, whatever the service says later
      goto(({ paid }: Standing) => (paid || reminders === 3 ? 'close' : 'remind')),
    );
  }

  @Step({ after: 'wait' })
  remind({ data, idempotencyKey }: StepJob<Invoice>, { reminders }: Standing): Observable<Standing> {
    return this.mail.remind(data, reminders + 1, idempotencyKey).pipe(
      map(() => ({ paid: false, reminders: reminders + 1 })),
      goto(this.wait),
    );
  }

  @Step({ after: 'remind' })
  close({ data, idempotencyKey }: StepJob<Invoice>, { paid }: Standing): Observable<string> {
    return paid ? of('paid') : this.mail.giveUp(data, idempotencyKey).pipe(map(() => 'given up'));
  }
}
