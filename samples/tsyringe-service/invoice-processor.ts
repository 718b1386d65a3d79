import { map, of } from 'rxjs';
import { awaitChildren, delay, Processor, Step, type StepJob } from 'stepstream';
import { inject } from 'tsyringe';
import { configToken, type Config } from './config.js';
import { Customers } from './customers.js';
import { Ledger, type Entry } from './ledger.js';
import type { Mail } from './mail-client.js';
import { MailProcessor } from './mail-processor.js';

export interface Order {
  readonly customer: string;
  readonly cents: number;
}

@Processor('invoices')
export class InvoiceProcessor {
  constructor(
    private readonly ledger: Ledger,
    private readonly customers: Customers,
    @inject(configToken) private readonly config: Config,
  ) {}

  @Step() enter({ data: { customer, cents }, idempotencyKey }: StepJob<Order>) {
    return of(this.ledger.enter(customer, cents, idempotencyKey));
  }

  @Step({ after: 'enter' }) send({ data }: StepJob<Order>, { number }: Entry) {
    const text = `${this.customers.greeting(data.customer, data.cents)}! Invoice ${number} is about ${data.cents} cents.`;
    return of(text).pipe(
      awaitChildren((mail) => mailTo(data.customer, mail)),
      map(() => number),
    );
  }

  @Step({ after: 'send' }) remind({ data: { customer } }: StepJob<Order>, number: number) {
    return of(`Invoice ${number} is due.`).pipe(
      delay(this.config.dueAfter), // the job sleeps in the store
      awaitChildren((mail) => mailTo(customer, mail)),
      map(([message]) => `invoice ${number} is settled, ${String(message)}`),
    );
  }
}

function mailTo(to: string, text: string): { queue: typeof MailProcessor; name: string; data: Mail } {
  return { queue: MailProcessor, name: 'mail', data: { to, text } };
}
