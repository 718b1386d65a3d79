import assert from 'node:assert/strict';
import type { Awaitable } from '../../src/engine/awaitable.js';
import type { Claimed, ClaimOptions, Engine, Recovery } from '../../src/engine/engine.js';
import type {
  ChildFailurePolicy,
  Failure,
  JobOptions,
  JobRecord,
  NewJob,
  ParentLink,
  Write,
} from '../../src/engine/records.js';
import { listen, watch, type Heard, type Watching } from './hearing.js';

/** An engine on an empty store, and the hold that a test has on it. */
export interface EngineUnderTest {
  readonly engine: Engine;
  /** Lets `ms` milliseconds pass on the engine's clock; when it is done, everything that was due by then has happened. */
  advance(ms: number): Awaitable<unknown>;
  /** Other processes may use the store: there may always be something to recover. Default false. */
  readonly shared?: boolean;
  /** How many timers, sockets and the like the engine holds: 0 once it is closed. */
  held(): number;
}

export type MakeEngine = () => Awaitable<EngineUnderTest>;

/** How long the leases of these tests last. The tests hold on a clock that runs too: nothing is measured closer than by half of it. */
export const lockDuration = 1_000;

/** The queue of most tests, and that of their children. */
export const jobs = 'jobs';
export const kids = 'kids';

/** A call's outcome as a promise, whether the engine answers and throws at once or later. */
export async function outcome<T>(call: () => Awaitable<T>): Promise<T> {
  return call();
}

export function failure(reason = 'it broke'): Failure {
  return { reason, code: 'BROKEN', stack: `Error: ${reason}\n    at work` };
}

/** The next write of an activation, of the content given. */
export function next({ job }: Claimed, content: Partial<Write> = {}): Write {
  return { seq: job.seq + 1, cursor: 'begun', ...content };
}

/** A child of a job of the queue `jobs`. */
export function child(parent: string, id: string, onFailure: ChildFailurePolicy = 'continue', group = 'gate'): NewJob {
  return newJob({ jobId: id }, { queue: kids, parent: { queue: jobs, id: parent, group, onFailure } });
}

/** Children of a job, in one group. */
export function children(parent: string, ids: readonly string[], onFailure?: ChildFailurePolicy): readonly NewJob[] {
  return ids.map((id) => child(parent, id, onFailure));
}

export function newJob(opts: JobOptions = {}, more: Partial<NewJob> = {}): NewJob {
  return { queue: jobs, name: 'job', data: '{"some":"data"}', opts, timestamp: 1_800_000_000_000, ...more };
}

/** What most tests do with an engine, in few words. Each test has a fresh one. */
export class Bench {
  readonly make: MakeEngine;
  #current: EngineUnderTest | undefined;

  constructor(make: MakeEngine) {
    this.make = make;
  }

  async open(): Promise<void> {
    this.#current = await this.make();
  }

  /** Proves that a closed engine holds nothing. */
  async close(): Promise<void> {
    const { engine, held } = this.#current!;
    this.#current = undefined;
    await engine.close();
    assert.equal(held(), 0, 'a closed engine holds timers or sockets');
  }

  get engine(): Engine {
    return this.#current!.engine;
  }

  async advance(ms: number): Promise<void> {
    await this.#current!.advance(ms);
  }

  /** What a recovery answers that leaves, or doesn't leave, an active job. */
  recovery(mayStall: boolean, recovered: Recovery['recovered'] = []): unknown {
    return this.#current!.shared ? { recovered, mayStall: true, again: expect.any(Number) } : { recovered, mayStall };
  }

  // --- jobs ---

  /** Adds a job that comes to be now; answers its id. */
  async add(opts: JobOptions = {}, more: Partial<NewJob> = {}): Promise<string> {
    const timestamp = Math.floor(this.engine.clock.now());
    const [id] = await this.engine.add([newJob(opts, { timestamp, ...more })]);
    return id!;
  }

  async addMany(count: number, opts: JobOptions = {}, more: Partial<NewJob> = {}): Promise<readonly string[]> {
    return this.engine.add(Array.from({ length: count }, () => newJob(opts, more)));
  }

  /** Adds a job that has the parent; answers its id. */
  addChildOf(id: string, link: Partial<ParentLink> = {}, opts: JobOptions = {}): Promise<string> {
    return this.add(opts, { queue: kids, parent: { queue: jobs, id, group: 'gate', onFailure: 'continue', ...link } });
  }

  async job(id: string, queue = jobs): Promise<JobRecord> {
    const job = await this.engine.get(queue, id);
    if (!job) throw new Error(`there is no job ${id} in queue ${queue}`);
    return job;
  }

  async stateOf(id: string, queue = jobs): Promise<string | undefined> {
    return (await this.engine.get(queue, id))?.state;
  }

  /** Everything that can be seen of a job and of its children, down to the number of the last event. */
  async seen(id: string): Promise<unknown> {
    const { engine } = this;
    const family = await engine.children(jobs, id);
    return {
      job: await engine.get(jobs, id),
      logs: await engine.logs(jobs, id),
      family,
      kids: await Promise.all(family.map(async (each) => engine.get(each.queue, each.id))),
    };
  }

  // --- activations ---

  /** Claims one job. */
  async claim(queue = jobs): Promise<Claimed> {
    const [claimed] = await this.engine.claim(queue, { limit: 1, lockDuration });
    if (!claimed) throw new Error(`there was no job to claim in queue ${queue}`);
    return claimed;
  }

  async claimUpTo(limit: number, queue = jobs, options: Partial<ClaimOptions> = {}): Promise<readonly Claimed[]> {
    return this.engine.claim(queue, { limit, lockDuration, ...options });
  }

  /** Claims all jobs that can be claimed; answers their ids in their order. */
  async claimIds(queue = jobs): Promise<readonly string[]> {
    return (await this.claimUpTo(1_000, queue)).map(({ job }) => job.id);
  }

  /** Adds a job and claims it. */
  async begin(opts: JobOptions = {}): Promise<Claimed> {
    const id = await this.add(opts);
    const claimed = await this.claim();
    assert.equal(claimed.job.id, id);
    return claimed;
  }

  /** A parent that waits for children of one group, in the store with the ids given. */
  async waitingParent(ids: readonly string[], onFailure?: ChildFailurePolicy): Promise<string> {
    const parent = await this.begin();
    const write = next(parent, { children: children(parent.job.id, ids, onFailure) });
    assert.equal(await this.engine.moveToWaitingChildren(parent.lease, write, { groups: ['gate'] }), true);
    return parent.job.id;
  }

  /** Completes it; answers its id. */
  async complete(claimed: Claimed, result?: string): Promise<string> {
    assert.equal(await this.engine.complete(claimed.lease, next(claimed), result, 0), 'completed');
    return claimed.job.id;
  }

  /** Fails it for good; answers its id. */
  async fail(claimed: Claimed, reason?: string): Promise<string> {
    await this.engine.fail(claimed.lease, next(claimed), failure(reason));
    return claimed.job.id;
  }

  /** Claims the next child and completes it; answers its id. */
  async completeChild(result?: string): Promise<string> {
    return this.complete(await this.claim(kids), result);
  }

  /** Claims the next child and fails it for good; answers its id. */
  async failChild(reason?: string): Promise<string> {
    return this.fail(await this.claim(kids), reason);
  }

  // --- those who hear ---

  /** Listens to a queue, or to one of its jobs. */
  listen(queue = jobs, jobId?: string, after?: string): Heard {
    return listen(this.engine, queue, jobId, after);
  }

  /** Watches a queue. */
  watch(queue = jobs): Watching {
    return watch(this.engine, queue);
  }
}

/** To be called within `describe`. */
export function openBench(make: MakeEngine): Bench {
  const bench = new Bench(make);
  beforeEach(() => bench.open());
  afterEach(() => bench.close());
  return bench;
}
