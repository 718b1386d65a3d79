import type { Cancel, Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { EngineEvent } from '../records.js';
import { eventNumber, eventTime } from './event-ids.js';
import type { Dedicated } from './link.js';
import { absent } from './stored-record.js';

/** Milliseconds that one read waits for news. */
const readTime = 30_000;
const readCount = 1_000;
const locateAgain = 1_000;

interface Listener {
  /** Of the queue's last event before it came; not known yet: what is read meanwhile is kept. */
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
  /** The event that says how a job stands that has come to its end, or is gone. */
  endOf(queue: string, jobId: string): Promise<EngineEvent | undefined>;
  /** The id of the queue's last event, after all calls that were made before. */
  lastEventOf(queue: string): Promise<string>;
  read(args: readonly (string | number)[]): Promise<unknown>;
  open(): Dedicated;
}

/** Reads the queues' streams of events, on one connection, while somebody listens. */
export class EventFeed {
  readonly #host: FeedHost;
  readonly #heard = new Map<string, Heard>();
  #connection: Dedicated | undefined;
  #reading = false;
  #closed = false;

  constructor(host: FeedHost) {
    this.#host = host;
  }

  listen(queue: string, call: (event: EngineEvent) => void, jobId: string | undefined): Unsubscribe {
    if (this.#closed) return () => {};
    const listener: Listener = { since: undefined, missed: [], again: undefined, jobId, call };
    const heard = this.#heardOf(queue);
    const alike = heard.listeners.get(jobId) ?? new Set();
    heard.listeners.set(jobId, alike.add(listener));
    this.#locate(queue, heard, listener);
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
      (last) => this.#begin(heard, listener, last),
      () => {
        if (!this.#closed && isAmong(heard, listener)) {
          listener.again = this.#host.clock.after(locateAgain, () => this.#locate(queue, heard, listener));
        }
      },
    );
  }

  #begin(heard: Heard, listener: Listener, last: string): void {
    listener.since = eventNumber(last);
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
      const end = jobId === undefined ? undefined : await this.#host.endOf(queue, jobId).catch(() => undefined);
      if (end) for (const listener of alike) this.#deliver(listener, end);
    }
  }

  #tell(heard: Heard, entries: readonly Entry[]): void {
    for (const [id, fields] of entries) {
      if (heard.last !== undefined && eventNumber(id) <= eventNumber(heard.last)) continue;
      heard.last = id;
      for (const event of eventsOf(id, fields)) {
        for (const jobId of [undefined, event.jobId]) {
          for (const listener of heard.listeners.get(jobId) ?? []) this.#deliver(listener, event);
        }
      }
    }
  }

  /** What a listener throws surfaces in a turn of its own: the others must hear all the same. */
  #deliver(listener: Listener, event: EngineEvent): void {
    if (listener.since === undefined) listener.missed.push(event);
    else if (event.id > listener.since) {
      try {
        listener.call(event);
      } catch (error) {
        this.#host.clock.after(0, () => {
          throw error;
        });
      }
    }
  }
}

function isAmong(heard: Heard, listener: Listener): boolean {
  return heard.listeners.get(listener.jobId)?.has(listener) ?? false;
}

type Entry = readonly [id: string, fields: readonly string[]];

/** The events of a stream's entry: none that the port doesn't know; the last progress comes with the completion. */
function eventsOf(streamId: string, fields: readonly string[]): readonly EngineEvent[] {
  const entry = new Map<string, string>();
  for (let i = 0; i < fields.length; i += 2) entry.set(fields[i]!, fields[i + 1]!);
  const event = eventOf(streamId, entry);
  if (!event) return [];
  const progress = event.type === 'completed' ? entry.get('progress') : undefined;
  if (progress === undefined) return [event];
  const { at, jobId } = event;
  return [{ type: 'progress', id: event.id - 1, at, jobId, data: progress }, event];
}

function eventOf(streamId: string, entry: ReadonlyMap<string, string>): EngineEvent | undefined {
  const common = { id: eventNumber(streamId), at: eventTime(streamId), jobId: entry.get('jobId') ?? '' };
  const type = entry.get('event');
  switch (type) {
    case 'added':
      return { ...common, type, name: entry.get('name') ?? '' };
    case 'waiting': {
      const prev = entry.get('prev');
      return prev === undefined ? { ...common, type } : { ...common, type, prev: prev as never };
    }
    case 'active':
    case 'waiting-children':
    case 'stalled':
    case 'duplicated':
    case 'removed':
      return { ...common, type };
    case 'progress':
      return { ...common, type, data: entry.get('data') ?? '' };
    case 'delayed':
      return { ...common, type, due: Number(entry.get('delay')) };
    case 'completed': {
      const value = entry.get('returnvalue');
      return { ...common, type, returnvalue: value === absent ? undefined : value };
    }
    case 'failed':
      return { ...common, type, reason: entry.get('failedReason') ?? '', code: entry.get('code') };
    default:
      return undefined;
  }
}
