import type { Class } from 'stepstream';
import {
  createApp,
  memoryEngine,
  Worker,
  type App,
  type RedisConnection,
  type Engine,
  type StoreOptions,
  type WorkerFunction,
  type WorkerOptions,
} from 'stepstream';
import { StepstreamAdapter, type StepstreamAdapterOptions } from 'stepstream/bull-board';
import { Board } from './board.js';

export type EngineName = 'the embedded engine' | 'Redis';
export const engines: readonly EngineName[] = ['the embedded engine', 'Redis'];

let stages = 0;
const silent = { warn() {}, error() {} };

/** A store of a test's own, with an app, workers and boards, that end together. */
export class Stage {
  readonly prefix = `board${++stages}`;
  readonly connection: RedisConnection | Engine;
  readonly #open: { close(): Promise<unknown> }[] = [];

  constructor(engine: EngineName, redisUrl: string) {
    this.connection = engine === 'Redis' ? redisUrl : memoryEngine();
  }

  get #store(): StoreOptions {
    return { connection: this.connection, prefix: this.prefix, logger: silent };
  }

  /** An app that runs these processors. */
  async app(...processors: Class[]): Promise<App> {
    const app = createApp({ ...this.#store, processors });
    this.closing({ close: () => app.close({ grace: 0 }) });
    await app.start();
    return app;
  }

  worker(queue: string, run: WorkerFunction, options: WorkerOptions = {}): Worker {
    const worker = new Worker(queue, run, { ...this.#store, ...options });
    this.closing({ close: () => worker.close(true) });
    return worker;
  }

  /** A board of these queues of an app. */
  async board(app: App, queues: readonly string[], options?: StepstreamAdapterOptions): Promise<Board> {
    return this.closing(await Board.serve(queues.map((queue) => new StepstreamAdapter(app.queue(queue), options))));
  }

  closing<T extends { close(): Promise<unknown> }>(it: T): T {
    this.#open.push(it);
    return it;
  }

  async close(): Promise<void> {
    for (const each of this.#open.splice(0).toReversed()) await each.close();
  }
}
