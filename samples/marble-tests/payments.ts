import type { Observable } from 'rxjs';
import type { Invoice } from './invoice.js';

/** The payment service, as far as dunning needs it. */
export abstract class Payments {
  /** Charges the customer's card; answers whether it went through. The same key charges once. */
  abstract charge(invoice: Invoice, idempotencyKey: string): Observable<boolean>;
  /** Whether it has been paid meanwhile, by whatever means. */
  abstract isPaid(invoice: Invoice): Observable<boolean>;
}
