import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { say } from './say.js';

export interface ChargeRequest {
  readonly cents: number;
  /** The same key is the same charge, however often it is asked for. */
  readonly key: string;
}

/** A bank that books at once and answers late; who asks for a charge again gets its receipt. */
export class Bank {
  readonly url: string;
  /** Resolves when it has booked the first charge. */
  readonly booked: Promise<void>;
  readonly #receipts = new Map<string, string>();
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    this.booked = new Promise((resolve) => {
      server.on('request', (request, response) => {
        void text(request).then((body) => {
          const receipt = this.#charge(JSON.parse(body) as ChargeRequest);
          if (receipt === undefined) resolve();
          else response.end(receipt);
        });
      });
    });
  }

  static async open(): Promise<Bank> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new Bank(server);
  }

  /** Answers the receipt when that charge was booked before. */
  #charge({ cents, key }: ChargeRequest): string | undefined {
    const receipt = this.#receipts.get(key);
    if (receipt === undefined) {
      this.#receipts.set(key, `receipt ${this.#receipts.size + 1} for ${cents} cents`);
      say('bank', `books ${cents} cents, and takes its time to say so`);
    } else say('bank', 'knows this key: here is the receipt');
    return receipt;
  }

  get charges(): number {
    return this.#receipts.size;
  }

  close(): void {
    this.#server.close();
    this.#server.closeAllConnections();
  }
}
