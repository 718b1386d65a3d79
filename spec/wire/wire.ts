import { Redis } from 'ioredis';
import type { FlowProducer, Job, Processor, Queue, QueueEvents, QueueOptions, Worker, WorkerOptions } from 'bullmq';
import { createApp, type App, type Class } from 'stepstream';
import { useRedis } from '../support/use-redis.js';
import type { BullMQ } from './bullmq.js';
import { Ears } from './ears.js';

/** A Redis that BullMQ's clients and apps of ours share; what a test opens is closed after it, and all keys are gone. */
export interface Wire {
  readonly redis: Redis;
  readonly url: string;
  /** What our apps have warned of until now; what nobody takes fails the test. */
  takeWarnings(): readonly string[];
  /** Resolves when there is a warning. */
  warned(): Promise<void>;
  /** An app of ours, started. */
  app(...processors: Class<any>[]): Promise<App>;
  queue(name: string, options?: Partial<QueueOptions>): Queue;
  flow(): FlowProducer;
  /** BullMQ's own worker. */
  worker(name: string, run: Processor, options?: Partial<WorkerOptions>): Worker;
  /** All events of a queue, from the first. */
  ears(name: string): Ears;
  /** How the job ended, as BullMQ's client learns of it: its result, or the reason as an error. */
  end(job: Job): Promise<unknown>;
}

/** To be called at the top of a `describe`. */
export function useWire(bullmq: BullMQ): () => Wire {
  const server = useRedis();
  const open: (() => Promise<unknown>)[] = [];
  let redis: Redis;
  const warnings: string[] = [];
  let onWarning = (): void => {};

  beforeAll(() => {
    redis = new Redis(server().url);
  });
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
    ends.clear();
    await redis.flushall();
    expect(warnings.splice(0)).toEqual([]);
  });
  afterAll(() => redis.disconnect());

  const connection = (): { host: string; port: number } => ({ host: '127.0.0.1', port: server().port });

  function opened<T extends { close(): Promise<unknown>; on(event: 'error', listener: () => void): unknown }>(
    it: T,
  ): T {
    it.on('error', () => {}); // what matters rejects
    open.push(() => it.close());
    return it;
  }

  /** From the first event on: when it begins to listen for new ones, nobody knows. */
  const listen = (name: string): QueueEvents =>
    opened(new bullmq.QueueEvents(name, { connection: connection(), lastEventId: '0-0' }));

  const ends = new Map<string, QueueEvents>();
  function endsOf(name: string): QueueEvents {
    if (!ends.has(name)) ends.set(name, listen(name));
    return ends.get(name)!;
  }

  const wire: Wire = {
    get redis() {
      return redis;
    },
    get url() {
      return server().url;
    },
    takeWarnings: () => warnings.splice(0),
    warned: () =>
      new Promise((resolve) => {
        onWarning = resolve;
        if (warnings.length > 0) resolve();
      }),
    async app(...processors) {
      const logger = {
        warn(message: string) {
          warnings.push(message);
          onWarning();
        },
        error: console.error,
      };
      const app = createApp({ processors, connection: server().url, logger });
      open.push(() => app.close({ grace: 0 }));
      await app.start();
      return app;
    },
    queue: (name, options) => opened(new bullmq.Queue(name, { connection: connection(), ...options })),
    flow: () => opened(new bullmq.FlowProducer({ connection: connection() })),
    worker: (name, run, options) => opened(new bullmq.Worker(name, run, { connection: connection(), ...options })),
    ears: (name) => new Ears(listen(name)),
    end: (job) => job.waitUntilFinished(endsOf(job.queueName)),
  };

  return () => wire;
}
