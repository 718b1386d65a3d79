import { EventEmitter } from 'node:events';
import { asError, failureOf } from '../job/failure.js';
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
    this.context.telemetry?.watch(name);
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

  /** As in BullMQ, a listener that throws is an error of its own: what it is told of is done all the same. */
  protected tell(event: string, ...args: readonly unknown[]): void {
    try {
      (this as EventEmitter).emit(event, ...args);
    } catch (error) {
      this.report(error);
    }
  }

  /** To who listens for errors; else to the logger. */
  protected report(error: unknown): void {
    const emitter = this as EventEmitter;
    try {
      if (emitter.listenerCount('error') > 0) emitter.emit('error', asError(error));
      else {
        const { reason, code } = failureOf(error);
        this.context.logger.error(`queue ${this.name}: ${reason}`, { queue: this.name, code });
      }
    } catch {
      // who is told of errors has thrown, too: nobody is left
    }
  }

  /** Nothing is done any more. */
  protected stop(): void {}
}
