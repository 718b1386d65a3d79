import { ConfigurationError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { EngineEvent } from '../records.js';
import { eventsOf, type Entry } from './event-entries.js';
import { eventNumber, placeAfter, type StreamPlace } from './event-ids.js';
import type { Dedicated } from './link.js';

/** Milliseconds that one read waits for news. */
const readTime = 30_000;
const readCount = 1_000;
const locateAgain = 1_000;

/** To what somebody listens. */
export interface ListenOptions {
  /** To one job; default all of the queue. */
  readonly jobId?: string | undefined;
  /** From after this event on, by its `entry`; default from now on. */
  readonly after?: string | undefined;
}

interface Listener {
  /** Of the last event before those that it is to be told; not known yet: what is read meanwhile is kept. */
  since: number | undefined;
  missed: EngineEvent[];
  /** Takes back that it is located again. */
  again: Cancel | undefined;
  readonly jobId: string | undefined;
  readonly call: (event: EngineEvent) => void;
}

interface Heard {
  /** By the job that they listen to; `undefined`: to all. */
  readonly listeners: Map<string | undefined, Set<Listener>>;
  /** The id of the last entry that was read; not known yet: it isn't read. */
  last: string | undefined;
}

export interface FeedHost {
  readonly clock: Clock;
  keyOf(queue: string): string;
  /** The event that says how a job stands that has come to its end, or is gone; `entry` is where it is told. */
  endOf(queue: string, jobId: string, entry: string): Promise<EngineEvent | undefined>;
  /** The id of the queue's last event, after all calls that were made before. */
  lastEventOf(queue: string): Promise<string>;
  read(args: readonly (string | number)[]): Promise<unknown>;
  open(): Dedicated;
}

/** Reads the queues' streams of events, on one connection, while somebody listens. */
export class EventFeed {
  readonly #host: FeedHost;
  readonly #heard = new Map<string, Heard>();
  readonly #catchingUp = new Set<Promise<void>>();
  #connection: Dedicated | undefined;
  #reading = false;
  #closed = false;

  constructor(host: FeedHost) {
    this.#host = host;
  }

  listen(queue: string, call: (event: EngineEvent) => void, { jobId, after }: ListenOptions = {}): Unsubscribe {
    if (this.#closed) return () => {};
    const place = after === undefined ? undefined : placeAfter(after);
    if (after !== undefined && !place) {
      throw new ConfigurationError(`there is no event ${after} to listen on from: give the id of one that was heard`);
    }
    const listener: Listener = { since: undefined, missed: [], again: undefined, jobId, call };
    const heard = this.#heardOf(queue);
    const alike = heard.listeners.get(jobId) ?? new Set();
    heard.listeners.set(jobId, alike.add(listener));
    if (place) this.#catchUp(queue, heard, listener, place);
    else this.#locate(queue, heard, listener);
    return () => {
      alike.delete(listener);
      if (alike.size === 0 && heard.listeners.get(jobId) === alike) heard.listeners.delete(jobId);
      listener.again?.();
      if (heard.listeners.size === 0 && this.#heard.get(queue) === heard) this.#heard.delete(queue);
      if (this.#heard.size === 0) this.#hangUp();
    };
  }

  /** Tells what has happened until now, then nothing any more. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await Promise.all(this.#catchingUp);
    await Promise.all(Array.from(this.#heard, ([queue, heard]) => this.#readRest(queue, heard)));
    this.#heard.clear();
    this.#hangUp();
  }

  async #readRest(queue: string, heard: Heard): Promise<void> {
    for (const alike of heard.listeners.values()) for (const { again } of alike) again?.();
    for (let more = true; more && heard.last !== undefined;) {
      const entries = (await this.#host
        .read(['XRANGE', this.#host.keyOf(queue), `(${heard.last}`, '+', 'COUNT', readCount])
        .catch(() => [])) as readonly Entry[];
      this.#tell(heard, entries);
      more = entries.length === readCount;
    }
  }

  #heardOf(queue: string): Heard {
    let heard = this.#heard.get(queue);
    if (!heard) this.#heard.set(queue, (heard = { listeners: new Map(), last: undefined }));
    return heard;
  }

  /** Asks for the queue's last event, again when the store is away. */
  #locate(queue: string, heard: Heard, listener: Listener): void {
    this.#host.lastEventOf(queue).then(
      (last) => this.#begin(heard, listener, last, eventNumber(last)),
      () => this.#again(heard, listener, () => this.#locate(queue, heard, listener)),
    );
  }

  #again(heard: Heard, listener: Listener, action: () => void): void {
    if (!this.#closed && isAmong(heard, listener)) listener.again = this.#host.clock.after(locateAgain, action);
  }

  /** Tells one listener what the store still has; what comes meanwhile is read for all, and kept until that is told. */
  #catchUp(queue: string, heard: Heard, listener: Listener, place: StreamPlace): void {
    const catching = this.#tellKept(queue, heard, listener, place).finally(() => this.#catchingUp.delete(catching));
    this.#catchingUp.add(catching);
  }

  async #tellKept(queue: string, heard: Heard, listener: Listener, place: StreamPlace): Promise<void> {
    let { entry, number } = place;
    try {
      // asked for first: what the pages don't hold comes after it, and is read for all
      const last = this.#host.lastEventOf(queue);
      last.catch(() => {});
      for (let more = true; more && isAmong(heard, listener);) {
        const key = this.#host.keyOf(queue);
        const page = (await this.#host.read(['XRANGE', key, `(${entry}`, '+', 'COUNT', readCount])) as readonly Entry[];
        for (const each of page) {
          for (const event of eventsOf(each)) {
            if (event.id <= number || !isAmong(heard, listener)) continue;
            if (listener.jobId === undefined || listener.jobId === event.jobId) this.#call(listener, event);
            number = event.id;
          }
          entry = each[0];
        }
        more = page.length === readCount;
      }
      this.#begin(heard, listener, await last, number);
    } catch {
      this.#again(heard, listener, () => this.#catchUp(queue, heard, listener, { entry, number }));
    }
  }

  #begin(heard: Heard, listener: Listener, last: string, since: number): void {
    listener.since = since;
    for (const event of listener.missed) this.#deliver(listener, event);
    listener.missed = [];
    if (heard.last !== undefined) return;
    heard.last = last;
    if (this.#reading) this.#connection?.interrupt();
    else void this.#read();
  }

  #hangUp(): void {
    void this.#connection?.close();
    this.#connection = undefined;
  }

  async #read(): Promise<void> {
    if (this.#closed || this.#heard.size === 0) return;
    this.#reading = true;
    const connection = (this.#connection ??= this.#host.open());
    let lost = false;
    while (!this.#closed && this.#connection === connection) {
      const ready = [...this.#heard].filter(([, { last }]) => last !== undefined);
      if (ready.length === 0) break;
      const keys = ready.map(([queue]) => this.#host.keyOf(queue));
      const args = ['COUNT', readCount, 'BLOCK', readTime, 'STREAMS', ...keys, ...ready.map(([, { last }]) => last!)];
      const answer = await connection.block('XREAD', args).catch(() => undefined);
      if (this.#connection !== connection || this.#closed) break;
      const streams = new Map((answer ?? []) as readonly (readonly [string, readonly Entry[]])[]);
      for (const [at, [queue, heard]] of ready.entries()) {
        const entries = streams.get(keys[at]!) ?? [];
        // the stream is trimmed: who was away, or comes after too slowly, may have missed some of it
        if (lost || entries.length === readCount) void this.#mend(queue, heard, heard.last!);
        this.#tell(heard, entries);
      }
      lost = answer === undefined;
    }
    this.#reading = false;
    if (!this.#closed && [...this.#heard.values()].some(({ last }) => last !== undefined)) void this.#read();
  }

  /** When entries after the last one that was read are gone, those who follow a job are told what has become of it. */
  async #mend(queue: string, heard: Heard, last: string): Promise<void> {
    const oldest = this.#host.read(['XRANGE', this.#host.keyOf(queue), '-', '+', 'COUNT', 1]);
    const [first] = (await oldest.catch(() => [])) as readonly Entry[];
    if (first && eventNumber(first[0]) <= eventNumber(last)) return;
    for (const [jobId, alike] of heard.listeners) {
      const entry = heard.last ?? last;
      const end = jobId === undefined ? undefined : await this.#host.endOf(queue, jobId, entry).catch(() => undefined);
      if (end) for (const listener of alike) this.#deliver(listener, end);
    }
  }

  #tell(heard: Heard, entries: readonly Entry[]): void {
    for (const entry of entries) {
      const [id] = entry;
      if (heard.last !== undefined && eventNumber(id) <= eventNumber(heard.last)) continue;
      heard.last = id;
      for (const event of eventsOf(entry)) {
        for (const jobId of [undefined, event.jobId]) {
          for (const listener of heard.listeners.get(jobId) ?? []) this.#deliver(listener, event);
        }
      }
    }
  }

  #deliver(listener: Listener, event: EngineEvent): void {
    if (listener.since === undefined) listener.missed.push(event);
    else if (event.id > listener.since) this.#call(listener, event);
  }

  /** What a listener throws surfaces in a turn of its own: the others must hear all the same. */
  #call(listener: Listener, event: EngineEvent): void {
    try {
      listener.call(event);
    } catch (error) {
      this.#host.clock.after(0, () => {
        throw error;
      });
    }
  }
}

function isAmong(heard: Heard, listener: Listener): boolean {
  return heard.listeners.get(listener.jobId)?.has(listener) ?? false;
}
