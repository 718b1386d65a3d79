import { Observable } from 'rxjs';
import type { EngineEvent } from '../engine/records.js';
import { QueueStateError } from '../errors.js';
import type { JobContext } from '../job/job-context.js';
import { QueueBase } from './queue-base.js';
import { argumentsOf, type QueueEvent, type QueueEventArguments, type QueueEventName } from './queue-event.js';
import { checkQueue, queueEventsOptionRules, type QueueEventsOptions } from './queue-options.js';

/** Each with what comes with the event, and the event's id; `drained` with its id alone. */
type Listened<Result> = {
  [Type in Exclude<QueueEventName, 'drained'>]: [args: QueueEventArguments<Result>[Type], id: string];
} & { drained: [id: string]; error: [error: Error] };

/**
 * Tells what happens in a queue, whoever does it: BullMQ's events. Each is also told as `<event>:<job id>`.
 *
 * @example
 * ```ts
 * const events = new QueueEvents('orders', { connection });
 * events.on('completed', ({ jobId, returnvalue }) => console.log(jobId, returnvalue));
 * ```
 */
export class QueueEvents<Result = any> extends QueueBase<Listened<Result>> {
  readonly #after: string | undefined;
  #unlisten: (() => void) | undefined;

  /** @throws ConfigurationError */
  constructor(name: string, options: QueueEventsOptions = {}) {
    checkQueue(name, options, queueEventsOptionRules, 'QueueEvents');
    super(name, options);
    const { lastEventId, autorun = true } = options;
    this.#after = lastEventId === '$' ? undefined : lastEventId;
    if (autorun) void this.run();
  }

  /** Begins to listen, when `autorun` is false. @throws QueueStateError when it listens already */
  async run(): Promise<void> {
    if (this.#unlisten) throw new QueueStateError(`the events of queue ${this.name} are listened to already`);
    if (this.closed) return;
    this.#unlisten = this.context.engine.events(this.name, (event) => this.#tell(event), undefined, this.#after);
  }

  protected override stop(): void {
    this.#unlisten?.();
  }

  #tell(event: EngineEvent): void {
    if (event.type === 'drained') {
      this.tell('drained', event.entry);
      return;
    }
    let args;
    try {
      args = argumentsOf(this.context, event);
    } catch (error) {
      this.report(error); // of another codec, or another key
      return;
    }
    this.tell(event.type, args, event.entry);
    if (event.jobId !== '') this.tell(`${event.type}:${event.jobId}`, args, event.entry);
  }
}

/** {@link QueueEvents} as a stream. @param after begins after the event of this id; default: from now on */
export function queueEvents<Result>(
  context: JobContext,
  queue: string,
  after: string | undefined,
): Observable<QueueEvent<Result>> {
  return new Observable((subscriber) => {
    const { engine, closing } = context;
    subscriber.add(closing.onClose(() => void engine.clock.after(0, () => subscriber.complete())));
    const pass = (event: EngineEvent): void => {
      const { type, entry: id, at } = event;
      let args;
      try {
        args = argumentsOf(context, event);
      } catch (error) {
        subscriber.error(error);
        return;
      }
      subscriber.next({ type, id, at, ...args } as QueueEvent<Result>);
    };
    subscriber.add(engine.events(queue, pass, undefined, after));
  });
}
