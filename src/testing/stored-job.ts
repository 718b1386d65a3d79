import type { Engine, JobOptions, JobRecord, JobState, NewJob, Write } from '../index.js';

type Child = Awaited<ReturnType<Engine['children']>>[number];

/** A child of a stored job: how it stands for its parent, and, as long as it is in the store, the job itself. */
export interface StoredChild extends Child {
  readonly job?: StoredJob;
}

/**
 * A job as a store has it, to be kept as a JSON fixture: `JSON.stringify(job.save())`. Payloads (`data`, `returnvalue`, the
 * checkpoint's fields) are the store's text.
 */
export interface StoredJob {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  readonly data?: string | undefined;
  readonly opts: JobOptions;
  readonly timestamp: number;
  readonly state: JobState;
  readonly attemptsMade: number;
  /** When a delayed job is due, in milliseconds since the epoch. */
  readonly due?: number | undefined;
  readonly returnvalue?: string | undefined;
  readonly failedReason?: string | undefined;
  readonly failedCode?: string | undefined;
  /** When it was saved, in milliseconds since the epoch: the bed that loads it must not begin earlier. */
  readonly at: number;
  readonly checkpoint?:
    { readonly seq: number; readonly cursor: string; readonly fields: Readonly<Record<string, string>> } | undefined;
  readonly children?: readonly StoredChild[];
}

/** A record and its children as a fixture. */
export function storedJob(record: JobRecord, children: readonly StoredChild[], at: number): StoredJob {
  const { queue, id, name, data, opts, timestamp, state, attemptsMade, due, returnvalue, failedReason, failedCode } =
    record;
  const { checkpoint } = record;
  return {
    ...{ queue, id, name, data, opts, timestamp, state, attemptsMade, due, returnvalue, failedReason, failedCode, at },
    ...(checkpoint && { checkpoint: { ...checkpoint, fields: Object.fromEntries(checkpoint.fields) } }),
    ...(children.length > 0 && { children }),
  };
}

/**
 * Takes a job out of a store as a fixture, its children too. Changes nothing there.
 *
 * @throws Error when the store doesn't have it
 * @example
 * ```ts
 * const stored = await saveJob(app.engine, 'orders', '17');
 * await writeFile('spec/in-flight/order-17.json', JSON.stringify(stored, undefined, 2));
 * ```
 */
export async function saveJob(engine: Engine, queue: string, id: string): Promise<StoredJob> {
  const record = await engine.get(queue, id);
  if (!record) throw new Error(`queue ${queue} has no job ${id}`);
  const children = await Promise.all(
    (await engine.children(queue, id)).map(async (child) =>
      (await engine.get(child.queue, child.id))
        ? { ...child, job: await saveJob(engine, child.queue, child.id) }
        : child,
    ),
  );
  return storedJob(record, children, Math.floor(engine.clock.now()));
}

/** The same from an engine that answers at once. */
export function saveJobNow(engine: Engine, queue: string, id: string): StoredJob {
  const record = engine.get(queue, id) as JobRecord | undefined;
  if (!record) throw new Error(`queue ${queue} has no job ${id}`);
  const children = (engine.children(queue, id) as readonly Child[]).map((child) =>
    engine.get(child.queue, child.id) ? { ...child, job: saveJobNow(engine, child.queue, child.id) } : child,
  );
  return storedJob(record, children, Math.floor(engine.clock.now()));
}

/**
 * Puts a stored job into an engine that answers at once, in its state. Goes through the port alone: the job is added, claimed, its
 * writes are made anew, and it is parked as it was. One that was active is ready to be resumed.
 *
 * @throws Error when the fixture was saved later than it is now
 */
export function loadJob(engine: Engine, stored: StoredJob, parent?: NewJob['parent']): void {
  if (stored.at > engine.clock.now()) {
    const at = new Date(stored.at).toISOString();
    throw new Error(
      `job ${stored.id} was stored at ${at}, and virtual time begins earlier: give the bed { start: '${at}' }`,
    );
  }
  if (
    stored.checkpoint === undefined &&
    !stored.children &&
    stored.state !== 'completed' &&
    stored.state !== 'failed'
  ) {
    void engine.add([newJob(stored, parent)]);
    if (stored.state === 'delayed' && stored.due !== undefined)
      void engine.changeDelay(stored.queue, stored.id, stored.due);
    return;
  }
  // at the head of its queue, whoever waits there, so that the claim finds it
  void engine.add([newJob({ ...stored, opts: { ...stored.opts, delay: 0, priority: 0, lifo: true } }, parent)]);
  new Loading(engine, stored).load();
}

function newJob({ queue, id, name, data, opts, timestamp }: StoredJob, parent: NewJob['parent']): NewJob {
  return { queue, name, data, opts: { ...opts, jobId: id }, timestamp, ...(parent && { parent }) };
}

/** The writes that bring a job that was just added to where a stored one stood. */
class Loading {
  readonly #engine: Engine;
  readonly #stored: StoredJob;
  #seq = 0;

  constructor(engine: Engine, stored: StoredJob) {
    this.#engine = engine;
    this.#stored = stored;
  }

  load(): void {
    const { attemptsMade, checkpoint, children = [], state } = this.#stored;
    const now = this.#engine.clock.now();
    const isFinished = state === 'completed' || state === 'failed';
    // the last attempt of a finished one is its last write
    for (let attempt = isFinished ? 1 : 0; attempt < attemptsMade; attempt++) {
      const failure = { reason: this.#stored.failedReason ?? '', code: this.#stored.failedCode, stack: undefined };
      void this.#engine.fail(this.#claim(), this.#write(), failure, now);
    }
    const lease = this.#claim();
    for (const child of children) this.#addChild(lease, child);
    while (this.#seq < (checkpoint?.seq ?? 1) - 1) void this.#engine.checkpoint(lease, this.#write());
    const fields = new Map(Object.entries(checkpoint?.fields ?? {}));
    this.#park(lease, { ...this.#write(), fields });
  }

  #claim(): ReturnType<typeof leaseOf> {
    const { queue } = this.#stored;
    return leaseOf(
      this.#engine.claim(queue, { limit: 1, lockDuration: 1_000 }) as Awaited<ReturnType<Engine['claim']>>,
    );
  }

  #write(): Write {
    const cursor = this.#stored.checkpoint?.cursor;
    return { seq: ++this.#seq, ...(cursor !== undefined && { cursor }) };
  }

  #addChild(
    lease: ReturnType<typeof leaseOf>,
    { queue, id, group, onFailure, status, value, reason, job }: StoredChild,
  ): void {
    const { timestamp, at } = this.#stored;
    const parent = { queue: lease.queue, id: lease.jobId, ...(group !== undefined && { group }), onFailure };
    const gone: StoredJob = {
      ...{
        queue,
        id,
        name: 'child',
        opts: {},
        timestamp,
        at,
        attemptsMade: 1,
        returnvalue: value,
        failedReason: reason,
      },
      state: status === 'pending' ? 'waiting' : status,
    };
    // its parent's link comes with a job that is added, whoever adds it
    loadJob(this.#engine, job ?? gone, parent);
  }

  #park(lease: ReturnType<typeof leaseOf>, write: Write): void {
    const { state, due, returnvalue, failedReason = '', failedCode, children = [] } = this.#stored;
    switch (state) {
      case 'delayed':
        void this.#engine.moveToDelayed(lease, write, due ?? this.#engine.clock.now());
        break;
      case 'waiting-children': {
        const groups = [...new Set(children.flatMap(({ group }) => group ?? []))];
        const waiting = groups.length > 0 ? { groups } : { all: { failuresSeen: Infinity } };
        if (!this.#engine.moveToWaitingChildren(lease, write, { ...waiting, ...(due !== undefined && { due }) })) {
          void this.#engine.release(lease, this.#write());
        }
        break;
      }
      case 'completed':
        void this.#engine.complete(lease, write, returnvalue, Infinity);
        break;
      case 'failed':
        void this.#engine.fail(lease, write, { reason: failedReason, code: failedCode, stack: undefined });
        break;
      default:
        void this.#engine.release(lease, write);
    }
  }
}

function leaseOf(claimed: Awaited<ReturnType<Engine['claim']>>): Awaited<ReturnType<Engine['claim']>>[number]['lease'] {
  return claimed[0]!.lease;
}
