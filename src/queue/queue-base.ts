import { EventEmitter } from 'node:events';
import { JobContext } from '../job/job-context.js';
import { joinStore, type StoreOptions } from '../stores.js';

/** What a queue's clients have in common: its name, and the store. */
export abstract class QueueBase<Events extends Record<keyof Events, unknown[]>> extends EventEmitter<Events> {
  readonly name: string;
  protected readonly context: JobContext;
  readonly #ownsContext: boolean;
  #closing: Promise<void> | undefined;

  constructor(name: string, options: StoreOptions | JobContext) {
    super();
    this.#ownsContext = !(options instanceof JobContext);
    this.name = name;
    this.context = options instanceof JobContext ? options : joinStore(options);
  }

  /** `<prefix>:<name>`, as a child names its parent's queue. */
  get qualifiedName(): string {
    return this.context.qualified(this.name);
  }

  /** Resolves when the store answers. @throws StoreUnavailableError when it doesn't for 5 s */
  async waitUntilReady(): Promise<void> {
    await this.context.engine.settings(this.name);
  }

  /** Ends its connections; what is stored stays. That of an app ends with the app. */
  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #close(): Promise<void> {
    this.stop();
    if (this.#ownsContext) await this.context.close();
  }

  /** Whether it is closed, or closes. */
  protected get closed(): boolean {
    return this.#closing !== undefined || this.context.shut;
  }

  /** Nothing is done any more. */
  protected stop(): void {}
}
