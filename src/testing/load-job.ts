import type { Engine, Lease, NewJob, Write } from '../index.js';
import type { StoredChild, StoredJob } from './stored-job.js';

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

  #claim(): Lease {
    const { queue } = this.#stored;
    return leaseOf(
      this.#engine.claim(queue, { limit: 1, lockDuration: 1_000 }) as Awaited<ReturnType<Engine['claim']>>,
    );
  }

  #write(): Write {
    const cursor = this.#stored.checkpoint?.cursor;
    return { seq: ++this.#seq, ...(cursor !== undefined && { cursor }) };
  }

  #addChild(lease: Lease, { queue, id, group, onFailure, status, value, reason, job }: StoredChild): void {
    const { timestamp, at } = this.#stored;
    const parent = { queue: lease.queue, id: lease.jobId, ...(group !== undefined && { group }), onFailure };
    const gone: StoredJob = {
      queue,
      id,
      name: 'child',
      opts: {},
      timestamp,
      at,
      attemptsMade: 1,
      returnvalue: value,
      failedReason: reason,
      state: status === 'pending' ? 'waiting' : status,
    };
    // its parent's link comes with a job that is added, whoever adds it
    loadJob(this.#engine, job ?? gone, parent);
  }

  #park(lease: Lease, write: Write): void {
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

function leaseOf(claimed: Awaited<ReturnType<Engine['claim']>>): Lease {
  return claimed[0]!.lease;
}
