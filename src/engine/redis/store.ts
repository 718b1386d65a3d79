import type { Clock } from '../clock.js';
import type { ConnectionStatus, EngineStatus } from '../engine.js';
import type { JobRecord, JobState } from '../records.js';
import type { Arguments } from './arguments.js';
import { clientsOf, type Client } from './client-list.js';
import { endOf } from './event-entries.js';
import { EventFeed } from './event-feed.js';
import { eventNumber } from './event-ids.js';
import { Layouts, type LayoutSigns } from './layout.js';
import type { Dedicated, Link } from './link.js';
import { Owners } from './owners.js';
import { QueueWatch, type Watcher } from './queue-watch.js';
import type { Script } from './script.js';
import { Schedulers } from './schedulers.js';
import { scripts } from './scripts.js';
import { ServerClock } from './server-clock.js';
import { recordOf } from './stored-record.js';
import { Turns } from './turns.js';

/** R5: as many jobs as a script answers with. */
const largestRead = 1_000;

/** What the store needs of its connections. */
export type StoreLink = Pick<Link, 'call' | 'send' | 'dedicated' | 'start' | 'status' | 'close'>;

export interface StoreOptions {
  readonly link: StoreLink;
  readonly prefix: string;
  readonly clock: Clock;
  /** Tells this process from all others. */
  readonly process: string;
  warn(message: string): void;
}

/** The store in Redis: what the engine's methods share. */
export class Store {
  readonly prefix: string;
  readonly clock: ServerClock;
  readonly turns: Turns;
  readonly feed: EventFeed;
  readonly layouts: Layouts;
  readonly #link: StoreLink;
  readonly #process: string;
  readonly #watches = new Map<string, QueueWatch>();
  readonly #owners = new Map<string, Owners>();
  readonly #schedulers: Schedulers;
  #calls = 0;

  constructor({ link, prefix, clock, process, warn }: StoreOptions) {
    this.prefix = prefix;
    this.#link = link;
    this.#process = process;
    this.clock = new ServerClock(clock);
    this.#schedulers = new Schedulers({ clock: this.clock, call: (script, args) => this.call(script, args), warn });
    this.layouts = new Layouts({
      signsOf: async (queue) => (await this.call(scripts.layout, [queue])).slice(2) as unknown as LayoutSigns,
      clientNames: () => this.#clientNames(),
      workerNameOf: (queue) => this.#workerNameOf(queue),
      warn,
    });
    this.turns = new Turns({
      clock,
      prefix,
      newCallId: () => this.newCallId(),
      call: async (script, args) => {
        const answers = (await link.call(script, args, { buffers: true })) as readonly Buffer[];
        this.clock.tell(String(answers[0]), String(answers[1]));
        return answers;
      },
      ownerOf: (queue) => `${this.#watches.get(queue)?.clientId ?? 0}:${process}`,
      claimed: (queue, { emptied, again }) => this.#watches.get(queue)?.claimed(emptied, again),
      arm: (job, scheduler) => this.#schedulers.arm(job, scheduler),
    });
    this.feed = new EventFeed({
      clock,
      keyOf: (queue) => this.keyOf(queue, 'events'),
      endOf: async (queue, jobId, entry) =>
        endOf(jobId, entry, (await this.records(queue, scripts.get, [queue, 1, jobId]))[0], this.clock.now()),
      lastEventOf: async (queue) => {
        this.turns.flush();
        const last = await link.send('XREVRANGE', [this.keyOf(queue, 'events'), '+', '-', 'COUNT', 1]);
        return (last as [string][])[0]?.[0] ?? '0-0';
      },
      read: ([command, ...args]) => link.send(String(command), args),
      open: () => link.dedicated(this.#eventsName),
    });
  }

  /** A script that is sent again is known by it. */
  newCallId(): string {
    return `${this.#process}:${++this.#calls}`;
  }

  keyOf(queue: string, name: string): string {
    return `${this.prefix}:${queue}:${name}`;
  }

  /** What a script answers; its first two values are Redis' time. */
  async call(script: Script, args: Arguments): Promise<readonly unknown[]> {
    const answers = (await this.#link.call(script, args)) as readonly unknown[];
    this.clock.tell(answers[0] as string, answers[1] as string);
    return answers;
  }

  /** {@link call}, after the writes and claims that came up before. */
  async ask(script: Script, args: Arguments): Promise<readonly unknown[]> {
    this.turns.flush();
    return (await this.call(script, args)).slice(2);
  }

  /**
   * {@link ask} of a script that holds `shared/once.lua`: sent again, it answers as the first time and does nothing.
   *
   * @param call when it is one of several parts of a call
   */
  once(script: Script, args: Arguments, call: string = this.newCallId(), part = 0): Promise<readonly unknown[]> {
    return this.ask(script, [call, part, ...args]);
  }

  /** {@link once}: whether a script says that it did what it was called for. */
  async did(script: Script, args: Arguments): Promise<boolean> {
    return (await this.once(script, args))[0] === 1;
  }

  send(command: string, args: readonly (string | number)[]): Promise<unknown> {
    this.turns.flush();
    return this.#link.send(command, args);
  }

  /** Jobs that a script answers with as `shared/reading.lua` says; those that are too many for one call are read by further ones. */
  async records(queue: string, script: Script, args: Arguments): Promise<readonly JobRecord[]> {
    const [lastEvent, rest, ...jobs] = (await this.ask(script, args)) as [string, string[], ...string[]];
    const eventId = eventNumber(lastEvent);
    const records: JobRecord[] = [];
    for (let i = 0; i < jobs.length; i += 4) {
      const due = jobs[i + 2] === '' ? undefined : Number(jobs[i + 2]);
      const place = { queue, id: jobs[i]!, state: jobs[i + 1] as JobState, due, eventId };
      records.push(recordOf(place, jobs[i + 3] as unknown as string[], this.prefix));
    }
    for (let from = 0; from < rest.length; from += largestRead) {
      const ids = rest.slice(from, from + largestRead);
      records.push(...(await this.records(queue, scripts.get, [queue, ids.length, ...ids])));
    }
    return records;
  }

  // --- watching ---

  /** Begins when the queue's layout is known to be understood. */
  watch(queue: string, watcher: Watcher): () => void {
    if (this.layouts.isFine(queue)) return this.#watch(queue, watcher);
    let stop: (() => void) | undefined;
    const forget = this.layouts.whenFine(queue, () => {
      stop = this.#watch(queue, watcher);
    });
    return () => {
      forget();
      stop?.();
    };
  }

  #watch(queue: string, watcher: Watcher): () => void {
    const watch = this.#watchOf(queue);
    const stop = watch.add(watcher);
    return () => {
      stop();
      if (watch.watched || this.#watches.get(queue) !== watch) return;
      this.#watches.delete(queue);
      void watch.close();
    };
  }

  watchOf(queue: string): QueueWatch | undefined {
    return this.#watches.get(queue);
  }

  ownersOf(queue: string): Owners {
    let owners = this.#owners.get(queue);
    if (!owners) {
      owners = new Owners({
        clock: this.clock,
        alive: async (ids) =>
          new Map(
            clientsOf(await this.#link.send('CLIENT', ['LIST', 'ID', ...ids])).map((client) => [
              client['id']!,
              client['name']!,
            ]),
          ),
        names: () => this.#clientNames(),
      });
      this.#owners.set(queue, owners);
    }
    return owners;
  }

  /** All clients that Redis has. */
  async clients(): Promise<readonly Client[]> {
    return clientsOf(await this.#link.send('CLIENT', ['LIST']));
  }

  async #clientNames(): Promise<readonly string[]> {
    return (await this.clients()).map((client) => client['name']!);
  }

  /** Whether the owner of a lease is another process of this kind. */
  isOther(owner: string): boolean {
    return /^[1-9]\d*:[^:]+$/.test(owner) && !owner.endsWith(`:${this.#process}`);
  }

  /** Whether the owner of a lease is a worker of another kind: BullMQ's. */
  isForeign(owner: string): boolean {
    return !/^\d+:[^:]+$/.test(owner);
  }

  // --- health ---

  ping(): Promise<void> {
    return this.#link.start();
  }

  status(): EngineStatus {
    const { server, connections } = this.#link.status;
    const queues = new Map(
      [...this.#watches.keys()].map((queue) => [this.#workerNameOf(queue) + this.#process, queue]),
    );
    return {
      engine: 'redis',
      server,
      connections: connections.map(({ name, up, since, error }): ConnectionStatus => {
        const queue = queues.get(name);
        const use = queue === undefined ? (name === this.#eventsName ? 'events' : 'calls') : 'queue';
        return { name, use, queue, up, since: this.clock.ofLocal(since), error };
      }),
    };
  }

  async close(): Promise<void> {
    this.turns.flush();
    this.#schedulers.close();
    await this.feed.close();
    await Promise.all([...this.#watches.values()].map((watch) => watch.close()));
    this.#watches.clear();
    await this.#link.close();
  }

  #watchOf(queue: string): QueueWatch {
    let watch = this.#watches.get(queue);
    if (watch) return watch;
    watch = new QueueWatch({
      clock: this.clock,
      marker: this.keyOf(queue, 'marker'),
      open: () => this.#openFor(queue),
      back: () => this.#owners.get(queue)?.forget(),
      look: async () => {
        const [ready, due] = await this.ask(scripts.look, [queue]);
        const again = due === '' ? undefined : Math.max(Number(due) - this.clock.now(), 0);
        return { ready: ready === 1, again };
      },
      putMarkerBack: () => {
        this.#link.send('ZADD', [this.keyOf(queue, 'marker'), 0, '0']).catch(() => {});
      },
    });
    this.#watches.set(queue, watch);
    void this.layouts.lookForOthers(queue);
    return watch;
  }

  #openFor(queue: string): Dedicated {
    return this.#link.dedicated(this.#workerNameOf(queue) + this.#process);
  }

  get #eventsName(): string {
    return `${this.prefix}:stepstream:events:${this.#process}`;
  }

  /** BullMQ's `getWorkers` finds workers by such names. */
  #workerNameOf(queue: string): string {
    return `${this.prefix}:${Buffer.from(queue).toString('base64')}:w:stepstream-`;
  }
}
