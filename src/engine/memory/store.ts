import type { Clock } from '../clock.js';
import { Outbox } from './outbox.js';
import { QueueState } from './queue-state.js';
import type { LastWrite, StoredJob } from './stored-job.js';

/** Far more than can be on their way at once. */
const removedRemembered = 1_000;

/** All queues. What is done to them stands in files of its own: adding, writing, ending, removing. */
export class Store {
  readonly clock: Clock;
  readonly #queues = new Map<string, QueueState>();
  readonly #outbox: Outbox;
  readonly #lastOfRemoved = new Map<string, LastWrite>();

  constructor(clock: Clock) {
    this.clock = clock;
    this.#outbox = new Outbox(clock);
  }

  queue(name: string): QueueState {
    let queue = this.#queues.get(name);
    if (!queue) this.#queues.set(name, (queue = new QueueState(name, this.clock, this.#outbox)));
    return queue;
  }

  queueNames(): readonly string[] {
    const withJobs = [...this.#queues.values()].filter(({ jobs }) => jobs.size > 0);
    return withJobs.map(({ name }) => name).sort();
  }

  job(queue: string, id: string): StoredJob | undefined {
    return this.queue(queue).jobs.get(id);
  }

  /** The last write of an activation that has removed its job: it may be sent again too. */
  lastOfRemoved(token: string): LastWrite | undefined {
    return this.#lastOfRemoved.get(token);
  }

  rememberRemoved(last: LastWrite): void {
    this.#lastOfRemoved.set(last.token, last);
    const [oldest] = this.#lastOfRemoved.keys();
    if (this.#lastOfRemoved.size > removedRemembered) this.#lastOfRemoved.delete(oldest!);
  }

  close(): void {
    this.#outbox.close();
    for (const queue of this.#queues.values()) queue.close();
  }
}
