import { injectable } from 'tsyringe';
import { Ledger } from './ledger.js';

/** What is known of customers. It needs the same ledger as the processor that needs it, and gets it. */
@injectable()
export class Customers {
  constructor(private readonly ledger: Ledger) {}

  greeting(customer: string, cents: number): string {
    return this.ledger.totalOf(customer) > cents ? 'Good to see you again' : 'Welcome';
  }
}
