import { join } from 'node:path';
import { createApp, type App } from 'stepstream';
import { historiesOf, type Histories } from './history.js';
import { readJournal } from './journal.js';
import { LogFile } from './log-file.js';
import type { Order } from './orders.js';
import type { Run } from './run.js';
import type { Site } from './site.js';
import { readStoredJobs } from './stored-jobs.js';
import { judge, type Verdict } from './verdict.js';
import type { WorkerProcess } from './worker-process.js';
import type { WorkerConfig } from './worker-program.js';

export type WorkerOptions = Partial<Omit<WorkerConfig, 'name' | 'prefix' | 'log'>>;

const queues = ['orders', 'parcels'];

/** Orders under a prefix of their own, the workers on them, and what these have done. */
export class Stage {
  readonly prefix: string;
  readonly log: LogFile;
  readonly workers: WorkerProcess[] = [];
  readonly #site: Site;
  readonly #defaults: WorkerOptions;
  readonly #names = new Map<WorkerProcess, string>();
  readonly #orders = new Map<string, Order>();
  #producer: App | undefined;

  constructor(site: Site, prefix: string, defaults: WorkerOptions) {
    this.#site = site;
    this.#defaults = defaults;
    this.prefix = prefix;
    this.log = new LogFile(join(site.redis.dir, `${prefix}.log`));
  }

  /** Starts a worker. */
  start(options: WorkerOptions = {}): WorkerProcess {
    return startOnAll(this.#site, [this], options);
  }

  /** What a worker on it is told; {@link join} says when it is there. */
  config(options: WorkerOptions): WorkerConfig {
    return {
      name: `${this.prefix}-${this.workers.length + 1}`, // others know a process by it, whatever its prefix
      url: this.#site.redis.url,
      prefix: this.prefix,
      log: this.log.path,
      concurrency: 3,
      lockDuration: 10_000,
      stalledInterval: 1_000,
      holds: false,
      grace: 10_000,
      ...this.#defaults,
      ...options,
    };
  }

  join(worker: WorkerProcess, name: string): void {
    this.workers.push(worker);
    this.#names.set(worker, name);
  }

  /** Adds orders; over another line than the usual when a URL is given with the first of them. */
  async add(orders: readonly Order[], url = this.#site.redis.url): Promise<void> {
    this.#producer ??= createApp({ connection: url, prefix: this.prefix });
    const jobs = await this.#producer.queue('orders').addBulk(orders.map((data) => ({ name: 'order', data })));
    jobs.forEach(({ id }, index) => this.#orders.set(id, orders[index]!));
  }

  /** Resolves when as many orders are completed as were added. */
  async drained(): Promise<void> {
    const redis = this.#site.connect();
    const [completed, events] = [`${this.prefix}:orders:completed`, `${this.prefix}:orders:events`];
    let last = '0';
    while ((await redis.zcard(completed)) < this.#orders.size) {
      const news = await redis.xread('BLOCK', 10_000, 'STREAMS', events, last);
      last = news?.[0]?.[1].at(-1)?.[0] ?? last;
    }
    redis.disconnect();
  }

  /**
   * Resolves when so many workers have their connections: until then they are away, and may be so for two seconds before they
   * count as dead.
   */
  async connected(workers: number): Promise<void> {
    const control = this.#site.connect();
    const isWatching = (client: string): boolean => client.includes(`name=${this.prefix}:`);
    let count = 0;
    while (count < workers * queues.length) {
      count = String(await control.call('CLIENT', 'LIST'))
        .split('\n')
        .filter(isWatching).length;
    }
    control.disconnect();
  }

  /** Has all leases run out now, whatever is left of their time. */
  async expireLeases(): Promise<void> {
    const redis = this.#site.connect();
    for (const key of await redis.keys(`${this.prefix}:*:lock`)) await redis.pexpire(key, 1);
  }

  /** {@link judge}, of this stage alone. */
  async judged(): Promise<Verdict> {
    return (await judgeAll(this.#site, [this]))[0]!;
  }

  /** Ends what still runs, the processes with more than one worker too; answers what is wrong with that. */
  async end(): Promise<readonly string[]> {
    await this.#producer?.close();
    const ends = await Promise.all(
      this.workers.map(async (worker) => ({ name: this.#names.get(worker), end: await worker.close() })),
    );
    // one that was asked before it had begun to listen ends as all processes do
    const started = new Set(this.log.read().flatMap(({ type, worker }) => (type === 'started' ? [worker] : [])));
    const unclean = ends.filter(
      ({ name, end }) => end.code !== 0 && end.signal !== 'SIGKILL' && (end.signal !== 'SIGTERM' || started.has(name!)),
    );
    return unclean.map(({ name, end }) => `I11: ${name} ended with ${end.code ?? end.signal}`);
  }

  /** All that is known, when it is over. */
  async run(histories: Histories): Promise<Run> {
    const lines = this.log.read();
    const struckAt = new Map(lines.flatMap(({ type, worker, at }) => (type === 'boundary' ? [[worker, at]] : [])));
    const killed = new Map<string, number>();
    const frozen = new Map<string, { readonly from: number; readonly to: number }>();
    for (const worker of this.workers) {
      const name = this.#names.get(worker)!;
      const { killedAt, frozenAt, thawedAt } = worker;
      if (killedAt !== undefined) killed.set(name, struckAt.get(name) ?? killedAt);
      if (thawedAt !== undefined) frozen.set(name, { from: frozenAt ?? struckAt.get(name) ?? 0, to: thawedAt });
    }
    const stored = await readStoredJobs(this.#site.connect(), this.prefix, queues);
    return { orders: this.#orders, lines, histories, stored, killed, frozen };
  }
}

/** Has the workers end, and looks at what came of it all. */
export async function judgeAll(site: Site, stages: readonly Stage[]): Promise<readonly Verdict[]> {
  const unclean = await Promise.all(stages.map((stage) => stage.end()));
  const histories = historiesOf(readJournal(site.redis.dir));
  const runs = await Promise.all(stages.map((stage) => stage.run(histories.get(stage.prefix) ?? new Map())));
  return runs.map((run, index) => {
    const { faults, figures } = judge(run);
    return { faults: [...unclean[index]!, ...faults], figures };
  });
}

/** Starts one process that works on all of the stages. */
export function startOnAll(site: Site, stages: readonly Stage[], options: WorkerOptions = {}): WorkerProcess {
  const configs = stages.map((stage) => stage.config(options));
  const worker = site.start(configs);
  stages.forEach((stage, index) => stage.join(worker, configs[index]!.name));
  return worker;
}
