import { Injectable, type OnModuleDestroy } from '@nestjs/common';
import { DatabaseSync } from '@photostructure/sqlite';
import { say } from './say.js';

/** What has been done for orders, on SQLite. What is noted twice under one key is noted once. */
@Injectable()
export class OrderRepository implements OnModuleDestroy {
  readonly #database = new DatabaseSync(process.env['DATABASE'] ?? ':memory:');

  constructor() {
    this.#database.exec('CREATE TABLE IF NOT EXISTS done (key TEXT PRIMARY KEY, customer TEXT, what TEXT) STRICT');
  }

  /** @throws Error when the database is closed */
  note(key: string, customer: string, what: string): void {
    const insert = 'INSERT INTO done (key, customer, what) VALUES (?, ?, ?) ON CONFLICT DO NOTHING';
    this.#database.prepare(insert).run(key, customer, what);
    say(`${customer}: ${what}`);
  }

  /** All that has been done, by customer. */
  all(): readonly unknown[] {
    const select = "SELECT customer, group_concat(what, ', ' ORDER BY what) AS done FROM done GROUP BY 1 ORDER BY 1";
    return this.#database.prepare(select).all();
  }

  /** The first hook that Nest calls when it ends: by then the workers have come to rest. */
  onModuleDestroy(): void {
    this.#database.close();
    say('the database is closed');
  }
}
