import type { Observable } from 'rxjs';
import type { Invoice } from './invoice.js';

/** Letters to customers. The same key sends one letter. */
export abstract class Mail {
  /** @param count how many reminders this makes, from 1 */
  abstract remind(invoice: Invoice, count: number, idempotencyKey: string): Observable<unknown>;
  abstract giveUp(invoice: Invoice, idempotencyKey: string): Observable<unknown>;
}
