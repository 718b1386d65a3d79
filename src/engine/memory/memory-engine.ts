import { JobStalledError, LeaseLostError } from '../../errors.js';
import { systemClock, type Clock } from '../clock.js';
import type { ClaimOptions, Claimed, CompleteAnswer, Engine, Recovery, Unsubscribe, Waiting } from '../engine.js';
import type {
  ChildRecord,
  EngineEvent,
  Failure,
  JobRecord,
  KeepJobs,
  Lease,
  NewJob,
  Payload,
  Write,
} from '../records.js';
import { Outbox } from './outbox.js';
import { QueueState } from './queue-state.js';
import { Children, newStoredJob, recordOf, type StoredJob } from './stored-job.js';

/** Rows of `stacktrace` that are kept. */
const stackTraceLimit = 10;

export interface MemoryEngineOptions {
  /** Default: real time. */
  readonly clock?: Clock;
}

/** The embedded engine: in this process, synchronous, deterministic. What it holds is gone with the process. */
export function memoryEngine({ clock = systemClock }: MemoryEngineOptions = {}): Engine {
  return new MemoryEngine(clock);
}

class MemoryEngine implements Engine {
  readonly #queues = new Map<string, QueueState>();
  readonly #outbox: Outbox;
  #tokens = 0;

  constructor(readonly clock: Clock) {
    this.#outbox = new Outbox(clock);
  }

  // --- produce ---

  add(jobs: readonly NewJob[]): readonly string[] {
    return jobs.map((job) => this.#add(job));
  }

  #add(job: NewJob): string {
    const queue = this.#queue(job.queue);
    const id = queue.nextId(job.opts.jobId);
    const existing = queue.jobs.get(id);
    if (existing) {
      queue.emit(existing, { type: 'duplicated' });
      return id;
    }
    const stored = newStoredJob(id, job, 'waiting');
    queue.jobs.set(id, stored);
    queue.emit(stored, { type: 'added', name: job.name });
    const { delay = 0, lifo = false } = job.opts;
    if (delay > 0) queue.toDelayed(stored, stored.timestamp + delay);
    else queue.toReady(stored, lifo ? 'head' : 'tail');
    return id;
  }

  /** A child that its parent knows is left as it is, even when it has finished and was removed. */
  #addChild(job: NewJob): void {
    const parent = job.parent && this.#queue(job.parent.queue).jobs.get(job.parent.id);
    if (!job.parent || !parent) {
      this.#add(job);
      return;
    }
    const key = `${job.queue}:${job.opts.jobId}`;
    parent.children ??= new Children();
    if (parent.children.byKey.has(key)) return;
    const { group, onFailure } = job.parent;
    const outcome = { status: 'pending', value: undefined, reason: undefined } as const;
    parent.children.add(key, { queue: job.queue, id: job.opts.jobId!, group, onFailure, ...outcome });
    this.#add(job);
  }

  // --- consume ---

  claim(name: string, { limit, lockDuration }: ClaimOptions): readonly Claimed[] {
    const queue = this.#queue(name);
    const claimed: Claimed[] = [];
    while (claimed.length < limit) {
      const job = queue.take();
      if (!job) break;
      const now = this.clock.now();
      const token = String(++this.#tokens);
      job.lock = { token, until: now + lockDuration };
      job.processedOn = now;
      job.attemptsStarted++;
      queue.emit(job, { type: 'active' });
      claimed.push({ job: recordOf(job, queue.eventId), lease: { queue: name, jobId: job.id, token } });
    }
    return claimed;
  }

  renew(leases: readonly Lease[], lockDuration: number): readonly Lease[] {
    const now = this.clock.now();
    return leases.filter((lease) => {
      const lock = this.#queue(lease.queue).jobs.get(lease.jobId)?.lock;
      if (lock?.token !== lease.token || lock.until <= now) return true;
      lock.until = now + lockDuration;
      return false;
    });
  }

  checkpoint(lease: Lease, write: Write): void {
    this.#write(lease, write, (job, queue) => this.#save(job, queue, write));
  }

  moveToDelayed(lease: Lease, write: Write, due: number): void {
    this.#write(lease, write, (job, queue) => {
      this.#save(job, queue, write);
      this.#unlock(job);
      queue.toDelayed(job, due);
    });
  }

  moveToWaitingChildren(lease: Lease, write: Write, { groups, due }: Waiting): boolean {
    return this.#write(lease, write, (job, queue) => {
      this.#save(job, queue, write);
      if (job.children?.settled(groups) ?? true) return false;
      this.#unlock(job);
      queue.toWaitingChildren(job, groups, due);
      return true;
    });
  }

  complete(lease: Lease, write: Write, result: Payload | undefined): CompleteAnswer {
    return this.#write<CompleteAnswer>(lease, write, (job, queue) => {
      if (job.children?.failed) return 'failed-children';
      this.#save(job, queue, write);
      this.#unlock(job);
      if (!(job.children?.settled(undefined) ?? true)) {
        queue.toWaitingChildren(job, undefined, undefined);
        return 'waiting-children';
      }
      job.seq = 0;
      job.fields.clear();
      job.returnvalue = result;
      job.attemptsMade++;
      queue.toFinished(job, 'completed');
      queue.emit(job, { type: 'completed', returnvalue: result });
      this.#settleInParent(job, { status: 'completed', value: result, reason: undefined });
      this.#keep(queue, 'completed', job.opts.removeOnComplete);
      return 'completed';
    });
  }

  fail(lease: Lease, write: Write, failure: Failure, retryAt?: number): void {
    this.#write(lease, write, (job, queue) => {
      this.#save(job, queue, write);
      this.#unlock(job);
      job.attemptsMade++;
      if (retryAt === undefined) this.#failForGood(job, queue, failure);
      else {
        noteFailure(job, failure);
        if (retryAt > this.clock.now()) queue.toDelayed(job, retryAt);
        else queue.toReady(job, 'tail', 'active');
      }
    });
  }

  release(lease: Lease, write: Write): void {
    this.#write(lease, write, (job, queue) => {
      this.#save(job, queue, write);
      this.#unlock(job);
      queue.toReady(job, 'head', 'active');
    });
  }

  recoverStalled(name: string, maxStalledCount: number): Recovery {
    const queue = this.#queue(name);
    const now = this.clock.now();
    const recovered = [...queue.active]
      .filter((job) => job.lock === undefined || job.lock.until <= now)
      .map((job) => {
        this.#unlock(job);
        job.stalledCounter++;
        queue.emit(job, { type: 'stalled' });
        if (job.stalledCounter - job.stallBase > maxStalledCount) {
          const error = new JobStalledError('job stalled more than allowable limit');
          this.#failForGood(job, queue, { reason: error.message, code: error.code, stack: undefined });
          return { jobId: job.id, to: 'failed' as const };
        }
        queue.toReady(job, 'head', 'active');
        return { jobId: job.id, to: 'waiting' as const };
      });
    return { recovered, mayStall: queue.active.size > 0 };
  }

  // --- look, wake, observe ---

  get(name: string, id: string): JobRecord | undefined {
    const queue = this.#queue(name);
    const job = queue.jobs.get(id);
    return job && recordOf(job, queue.eventId);
  }

  children(queue: string, id: string, group?: string): readonly ChildRecord[] {
    const children = this.#queue(queue).jobs.get(id)?.children;
    if (!children) return [];
    return [...children.byKey.values()]
      .filter((child) => group === undefined || child.group === group)
      .map((child) => ({ ...child }));
  }

  log(queue: string, id: string, row: string): void {
    this.#queue(queue).jobs.get(id)?.logs.push(row);
  }

  logs(queue: string, id: string): readonly string[] {
    return [...(this.#queue(queue).jobs.get(id)?.logs ?? [])];
  }

  watch(queue: string, wake: () => void): Unsubscribe {
    return this.#queue(queue).watch(wake);
  }

  events(queue: string, listener: (event: EngineEvent) => void, jobId?: string): Unsubscribe {
    return this.#queue(queue).listen(listener, jobId);
  }

  close(): void {
    for (const queue of this.#queues.values()) queue.close();
    this.#outbox.close();
  }

  // --- what the transitions share ---

  #queue(name: string): QueueState {
    let queue = this.#queues.get(name);
    if (!queue) this.#queues.set(name, (queue = new QueueState(this.clock, this.#outbox)));
    return queue;
  }

  /** Proves lease and number, then writes; what was written already is answered as the first time. */
  #write<A>(lease: Lease, write: Write, transition: (job: StoredJob, queue: QueueState) => A): A {
    const queue = this.#queue(lease.queue);
    const job = queue.jobs.get(lease.jobId);
    if (job?.last?.token === lease.token && job.last.seq === write.seq) return job.last.answer as A;
    if (job?.lock?.token !== lease.token || job.lock.until <= this.clock.now()) {
      throw new LeaseLostError(`another worker may hold job ${lease.jobId} of queue ${lease.queue}: nothing was written`);
    }
    if (write.seq !== job.seq + 1) {
      throw new LeaseLostError(`write ${write.seq} of job ${lease.jobId} doesn't follow the stored ${job.seq}`);
    }
    const answer = transition(job, queue);
    if (answer !== 'failed-children') job.last = { token: lease.token, seq: write.seq, answer };
    return answer;
  }

  #save(job: StoredJob, queue: QueueState, write: Write): void {
    job.seq = write.seq;
    job.stallBase = job.stalledCounter;
    if (write.cursor !== undefined) job.cursor = write.cursor;
    write.fields?.forEach((value, field) => (value === null ? job.fields.delete(field) : job.fields.set(field, value)));
    for (const child of write.children ?? []) this.#addChild(child);
    if (write.progress === undefined) return;
    job.progress = write.progress;
    queue.emit(job, { type: 'progress', data: write.progress });
  }

  #unlock(job: StoredJob): void {
    job.lock = undefined;
  }

  #failForGood(job: StoredJob, queue: QueueState, failure: Failure): void {
    noteFailure(job, failure);
    queue.toFinished(job, 'failed');
    queue.emit(job, { type: 'failed', reason: failure.reason, code: failure.code });
    this.#settleInParent(job, { status: 'failed', value: undefined, reason: failure.reason });
    this.#keep(queue, 'failed', job.opts.removeOnFail);
  }

  #settleInParent(child: StoredJob, outcome: Pick<ChildRecord, 'status' | 'value' | 'reason'>): void {
    if (!child.parent) return;
    const queue = this.#queue(child.parent.queue);
    const parent = queue.jobs.get(child.parent.id);
    if (!parent?.children?.settle(`${child.queue}:${child.id}`, outcome)) return;
    if (parent.state !== 'waiting-children') return;
    const failsParent = outcome.status === 'failed' && child.parent.onFailure === 'fail' && parent.awaited === undefined;
    if (failsParent || parent.children.settled(parent.awaited)) queue.toReady(parent, 'head', 'waiting-children');
  }

  #keep(queue: QueueState, state: 'completed' | 'failed', option: boolean | number | KeepJobs | undefined): void {
    if (option === undefined || option === false) return;
    const { age = Infinity, count = Infinity } =
      option === true ? { count: 0 } : typeof option === 'number' ? { count: option } : option;
    const jobs = queue.finished[state];
    const oldest = this.clock.now() - age * 1000;
    for (const job of jobs) {
      if (jobs.size <= count && job.finishedOn! > oldest) break;
      queue.delete(job);
    }
  }
}

function noteFailure(job: StoredJob, failure: Failure): void {
  job.failedReason = failure.reason;
  job.failedCode = failure.code;
  if (failure.stack !== undefined) job.stacktrace = [...job.stacktrace, failure.stack].slice(-stackTraceLimit);
}
