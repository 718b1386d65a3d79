import type { Engine } from '../engine/engine.js';
import type { Instrumentation } from '../telemetry/instrumentation.js';
import { Closing } from './closing.js';
import type { Log } from './logger.js';
import type { Payloads } from './payloads.js';

interface JobContextParts {
  readonly engine: Engine;
  readonly payloads: Payloads;
  readonly prefix: string;
  readonly logger: Log;
  /** Whether the engine ends with it. */
  readonly ownsEngine: boolean;
  /** Stands before the engine, where there is telemetry. */
  readonly telemetry?: Instrumentation | undefined;
}

/** What jobs, queues and workers of one store have in common: an app's, or those of one that was made without an app. */
export class JobContext {
  readonly engine: Engine;
  readonly payloads: Payloads;
  /** What all keys begin with. */
  readonly prefix: string;
  readonly logger: Log;
  readonly telemetry: Instrumentation | undefined;
  /** When it is closed, nothing more is heard of its jobs here. */
  readonly closing = new Closing();
  readonly #ownsEngine: boolean;
  #shut = false;

  constructor({ engine, payloads, prefix, logger, ownsEngine, telemetry }: JobContextParts) {
    this.engine = telemetry?.engine ?? engine;
    this.telemetry = telemetry;
    this.payloads = payloads;
    this.prefix = prefix;
    this.logger = logger;
    this.#ownsEngine = ownsEngine;
  }

  /** Whether it takes no more jobs. */
  get shut(): boolean {
    return this.#shut;
  }

  shutDown(): void {
    this.#shut = true;
  }

  async close(): Promise<void> {
    this.#shut = true;
    this.telemetry?.close();
    if (this.#ownsEngine) await this.engine.close(); // it tells first what has happened until now
    this.closing.close();
  }

  // --- qualified names, as BullMQ has them: `<prefix>:<queue>` ---

  qualified(queue: string): string {
    return `${this.prefix}:${queue}`;
  }

  /** A job's key, by which a parent's children are told apart. */
  keyOf(queue: string, id: string): string {
    return `${this.prefix}:${queue}:${id}`;
  }

  /** The queue of a qualified name; `undefined`: it is none of this store's. */
  queueOf(qualified: string): string | undefined {
    const queue = qualified.slice(this.prefix.length + 1);
    return qualified === this.qualified(queue) && queue !== '' && !queue.includes(':') ? queue : undefined;
  }
}
