import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { inject, Lifecycle, scoped, type Disposable } from 'tsyringe';
import { configToken, type Config } from './config.js';
import { say } from './say.js';

export interface Entry {
  readonly number: number;
  readonly customer: string;
  readonly cents: number;
  /** Of the step that has entered it. */
  readonly key: string;
}

/**
 * The book of all invoices, in a file that is held open. Scoped to a container: all that one worker makes shares one ledger, and the
 * worker's container closes it when the app is closed.
 */
@scoped(Lifecycle.ContainerScoped)
export class Ledger implements Disposable {
  readonly #file: number;
  readonly #entries: Entry[];

  constructor(@inject(configToken) { ledger }: Config) {
    mkdirSync(dirname(ledger), { recursive: true });
    this.#file = openSync(ledger, 'a+');
    this.#entries = readFileSync(this.#file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Entry);
    say('ledger', 'is opened');
  }

  /** Enters an invoice; a step that runs again finds the one that it has entered. */
  enter(customer: string, cents: number, key: string): Entry {
    const known = this.#entries.find((entry) => entry.key === key);
    if (known) return known;
    const entry = { number: this.#entries.length + 1, customer, cents, key };
    appendFileSync(this.#file, `${JSON.stringify(entry)}\n`);
    this.#entries.push(entry);
    return entry;
  }

  /** What a customer has been invoiced for. */
  totalOf(customer: string): number {
    return this.#entries.filter((entry) => entry.customer === customer).reduce((sum, { cents }) => sum + cents, 0);
  }

  dispose(): void {
    closeSync(this.#file);
    say('ledger', 'is closed');
  }
}
