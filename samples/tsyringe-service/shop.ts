import { InjectQueue, type Job, Queue } from 'stepstream';
import { injectable } from 'tsyringe';
import { InvoiceProcessor, type Order } from './invoice-processor.js';
import type { Mail } from './mail-client.js';
import { say } from './say.js';

/** A service of the application: it runs no jobs, it adds them, to queues that it has injected by processor or by name. */
@injectable()
export class Shop {
  constructor(
    @InjectQueue(InvoiceProcessor) private readonly invoices: Queue<Order, string>,
    @InjectQueue('mails') private readonly mails: Queue<Mail, string>,
  ) {}

  async sell(order: Order): Promise<Job<Order, string>> {
    say('shop', `sells something to ${order.customer}`);
    return this.invoices.add('invoice', order);
  }

  async thank(customer: string): Promise<Job<Mail, string>> {
    say('shop', `thanks ${customer}`);
    return this.mails.add('mail', { to: customer, text: 'Thank you.' });
  }
}
