import type {
  ConnectionOptions,
  FlowProducer,
  Processor,
  Queue,
  QueueEvents,
  QueueEventsOptions,
  QueueOptions,
  Worker,
  WorkerOptions,
} from 'bullmq';
import { linesOf } from './answers.js';
import { ours, type Face } from './face.js';
import type { Event, Ground } from './ground.js';

/** Calls on queues of a prefix of its own; each tells what it was answered. It knows BullMQ's API only. */
export type Script = (stage: Stage) => Promise<void>;

/** Scripts by what they show. */
export type Scripts = Readonly<Record<string, Script>>;

/** Where a script runs: one face's classes, and a ground on which their keys begin with the prefix. */
export class Stage {
  readonly answers: string[] = [];
  /** Whether there was a worker. */
  worked = false;
  readonly #open: { close(force?: boolean): Promise<unknown> }[] = [];

  constructor(
    readonly face: Face,
    readonly prefix: string,
    private readonly ground: Ground,
  ) {}

  /** A queue that has written its settings. */
  async queue(name = 'work', options: Partial<QueueOptions> = {}): Promise<Queue> {
    const queue = this.#opened(new this.face.Queue(name, { ...this.#where, ...options }));
    await (this.face === ours ? queue.waitUntilReady() : queue.getVersion());
    return queue;
  }

  worker(run: Processor, { queue = 'work', ...options }: Partial<WorkerOptions> & { queue?: string } = {}): Worker {
    this.worked = true;
    // else BullMQ's close waits for a rate limit that is in force
    const soon = this.face === ours ? {} : { maximumRateLimitDelay: 10 };
    return this.#opened(new this.face.Worker(queue, run, { ...this.#where, ...soon, ...options }));
  }

  flows(): FlowProducer {
    return this.#opened(new this.face.FlowProducer(this.#where));
  }

  queueEvents(name = 'work', options: Partial<QueueEventsOptions> = {}): QueueEvents {
    return this.#opened(new this.face.QueueEvents(name, { ...this.#where, ...options }));
  }

  /** Notes an answer, as it is now. */
  tell(what: string, answer: unknown): void {
    this.answers.push(...linesOf(what, answer));
  }

  /** Notes the answer of a call that one of the faces may not have. */
  async ask(what: string, call: () => unknown): Promise<void> {
    try {
      this.tell(what, await call());
    } catch (error) {
      if (!/is not a function/.test(String(error))) throw error;
      this.answers.push(`${what}: not there`);
    }
  }

  /** Notes that a call is refused. Of ours, it must be by an error of this class. */
  async refused(what: string, error: string, call: () => unknown): Promise<void> {
    try {
      this.tell(what, await call());
    } catch (thrown) {
      const { name } = (thrown as Error).constructor;
      const as = this.face === ours && name !== error ? ` by ${name}: ${(thrown as Error).message}` : '';
      this.answers.push(`${what}: refused${as}`);
    }
  }

  /** Lets a worker run until this many jobs more have completed or failed for good, and closes it. */
  async work(run: Processor, ends: number, options: Parameters<Stage['worker']>[1] = {}): Promise<void> {
    const { queue = 'work' } = options;
    const before = (await this.ground.events(queue)).filter(isEnd).length;
    const worker = this.worker(run, options);
    await this.ground.until(queue, (events) => events.filter(isEnd).length >= before + ends);
    await worker.close();
  }

  /** Resolves when the queue has had such an event, of the job if it's named, this often. */
  async heard(event: string, jobId?: string, { times = 1, queue = 'work' } = {}): Promise<void> {
    const isIt = (fields: Event): boolean =>
      fields['event'] === event && (jobId === undefined || fields['jobId'] === jobId);
    await this.ground.until(queue, (events) => events.filter(isIt).length >= times);
  }

  /** Closes what is open; workers don't wait for their jobs. */
  async close(): Promise<void> {
    for (const it of this.#open.splice(0).toReversed()) await it.close(true);
  }

  get #where(): { readonly connection: ConnectionOptions; readonly prefix: string } {
    return { connection: this.ground.connection as ConnectionOptions, prefix: this.prefix };
  }

  #opened<T extends { close(): Promise<unknown>; on(event: 'error', listener: () => void): unknown }>(it: T): T {
    it.on('error', () => {}); // what matters rejects
    this.#open.push(it);
    return it;
  }
}

function isEnd({ event }: Event): boolean {
  return event === 'completed' || event === 'failed';
}
