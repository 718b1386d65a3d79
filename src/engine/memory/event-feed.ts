import type { Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { EngineEvent } from '../records.js';
import type { Outbox } from './outbox.js';

type Listener = (event: EngineEvent) => void;

/** An event but for what the feed adds. */
export type News = EngineEvent extends infer E
  ? E extends EngineEvent
    ? Omit<E, 'id' | 'entry' | 'at' | 'jobId'>
    : never
  : never;

/** The events of one queue, numbered, for those who listen to all of them or to one job. */
export class EventFeed {
  /** Number of the last event; counts on while nobody listens. */
  lastId = 0;
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #ofQueue = new Set<Listener>();
  readonly #ofJobs = new Map<string, Set<Listener>>();

  constructor(clock: Clock, outbox: Outbox) {
    this.#clock = clock;
    this.#outbox = outbox;
  }

  listen(listener: Listener, jobId?: string): Unsubscribe {
    let over = false;
    const own: Listener = (event) => {
      if (!over) this.#outbox.call(() => listener(event)); // it may have ended after the event, before the delivery
    };
    const listeners = this.#listenersOf(jobId);
    listeners.add(own);
    return () => {
      over = true;
      listeners.delete(own);
      if (jobId !== undefined && listeners.size === 0 && this.#ofJobs.get(jobId) === listeners) {
        this.#ofJobs.delete(jobId);
      }
    };
  }

  emit(jobId: string, news: News): void {
    const id = ++this.lastId;
    const listeners = [...this.#ofQueue, ...(this.#ofJobs.get(jobId) ?? [])];
    if (listeners.length === 0) return;
    const event = { ...news, id, entry: String(id), at: Math.floor(this.#clock.now()), jobId } as EngineEvent;
    this.#outbox.post(() => {
      for (const listener of listeners) listener(event);
    });
  }

  close(): void {
    this.#ofQueue.clear();
    this.#ofJobs.clear();
  }

  #listenersOf(jobId: string | undefined): Set<Listener> {
    if (jobId === undefined) return this.#ofQueue;
    let listeners = this.#ofJobs.get(jobId);
    if (!listeners) this.#ofJobs.set(jobId, (listeners = new Set()));
    return listeners;
  }
}
