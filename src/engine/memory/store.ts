import { JobCancelledError, LeaseLostError } from '../../errors.js';
import type { Clock } from '../clock.js';
import type { Failure, Lease, NewJob, Write } from '../records.js';
import { Children, type ChildOutcome } from './children.js';
import { Outbox } from './outbox.js';
import { QueueState } from './queue-state.js';
import { surplus } from './retention.js';
import { newStoredJob, type LastWrite, type StoredJob } from './stored-job.js';

/** Rows of `stacktrace` that are kept. */
const stackTraceLimit = 10;
/** Far more than can be on their way at once. */
const removedRemembered = 1_000;

/** All queues, and what their transitions share. */
export class Store {
  readonly clock: Clock;
  readonly #queues = new Map<string, QueueState>();
  readonly #outbox: Outbox;
  /** By token, of jobs that their last write has removed: it may be sent again too. */
  readonly #lastOfRemoved = new Map<string, LastWrite>();

  constructor(clock: Clock) {
    this.clock = clock;
    this.#outbox = new Outbox(clock);
  }

  queue(name: string): QueueState {
    let queue = this.#queues.get(name);
    if (!queue) this.#queues.set(name, (queue = new QueueState(this.clock, this.#outbox)));
    return queue;
  }

  job(queue: string, id: string): StoredJob | undefined {
    return this.queue(queue).jobs.get(id);
  }

  close(): void {
    this.#outbox.close();
    for (const queue of this.#queues.values()) queue.close();
  }

  // --- adding ---

  add(jobs: readonly NewJob[]): readonly string[] {
    const stored = jobs.map(newStoredJob); // before any is added: a job that can't be read adds none
    return stored.map((job) => this.#add(job));
  }

  /** A child that its parent knows is left as it is, even when it has finished and was removed. */
  #add(job: StoredJob): string {
    const queue = this.queue(job.queue);
    const id = (job.id = queue.nextId(job.opts.jobId));
    const parent = this.parentOf(job);
    if (parent?.children?.has(job.queue, id)) return id;
    const existing = queue.jobs.get(id);
    if (existing) {
      queue.emit(existing, { type: 'duplicated' }); // no child of the parent, which might wait for it for ever
      return id;
    }
    if (parent) (parent.children ??= new Children()).add(job.queue, id, job.parent!);
    queue.jobs.set(id, job);
    queue.emit(job, { type: 'added', name: job.name });
    const { delay = 0, lifo = false } = job.opts;
    if (delay > 0) queue.toDelayed(job, job.timestamp + delay);
    else queue.toReady(job, lifo ? 'head' : 'tail');
    return id;
  }

  // --- writing under a lease ---

  /** Proves lease and number, then writes; what was written already is answered as the first time. */
  write<A>(lease: Lease, write: Write, transition: (job: StoredJob, queue: QueueState) => A): A {
    const queue = this.queue(lease.queue);
    const job = queue.jobs.get(lease.jobId);
    const last = this.#lastOfRemoved.get(lease.token) ?? job?.last;
    if (last?.token === lease.token && last.seq === write.seq) return last.answer as A;
    if (job?.lock?.token !== lease.token || job.lock.until <= this.clock.now()) throw refusal(lease, job);
    if (write.seq !== job.seq + 1) {
      throw new LeaseLostError(`write ${write.seq} of job ${lease.jobId} doesn't follow the stored ${job.seq}`);
    }
    const answer = transition(job, queue);
    if (answer === 'failed-children') return answer; // nothing was written
    job.last = { token: lease.token, seq: write.seq, answer };
    this.keep(job, queue);
    if (queue.jobs.get(job.id) !== job) this.#remember(job.last);
    return answer;
  }

  save(job: StoredJob, queue: QueueState, write: Write): void {
    this.add(write.children ?? []); // first: a child that can't be read leaves nothing written
    job.seq = write.seq;
    job.stallBase = job.stalledCounter;
    if (write.cursor !== undefined) job.cursor = write.cursor;
    write.fields?.forEach((value, field) => (value === null ? job.fields.delete(field) : job.fields.set(field, value)));
    if (write.progress === undefined) return;
    job.progress = write.progress;
    queue.emit(job, { type: 'progress', data: write.progress });
  }

  // --- ending ---

  failForGood(job: StoredJob, queue: QueueState, failure: Failure): void {
    this.noteFailure(job, failure);
    queue.toFinished(job, 'failed');
    queue.emit(job, { type: 'failed', reason: failure.reason, code: failure.code });
    this.settleInParent(job, { status: 'failed', value: undefined, reason: failure.reason });
  }

  noteFailure(job: StoredJob, { reason, code, stack }: Failure): void {
    job.failedReason = reason;
    job.failedCode = code;
    if (stack !== undefined) job.stacktrace = [...job.stacktrace, stack].slice(-stackTraceLimit);
  }

  settleInParent(child: StoredJob, outcome: ChildOutcome): void {
    const parent = this.parentOf(child);
    if (parent?.children?.settle(child.queue, child.id, outcome)) this.wakeIfSettled(parent);
  }

  parentOf({ parent }: StoredJob): StoredJob | undefined {
    return parent && this.job(parent.queue, parent.id);
  }

  wakeIfSettled(parent: StoredJob): void {
    if (!parent.awaited || !parent.children?.settled(parent.awaited)) return;
    this.queue(parent.queue).toReady(parent, 'head', 'waiting-children');
  }

  /** Removes what needn't be kept now that the job has finished, if it has. */
  keep(job: StoredJob, queue: QueueState): void {
    if (job.state !== 'completed' && job.state !== 'failed') return;
    for (const each of surplus(job, queue.finished[job.state], this.clock.now())) queue.delete(each);
  }

  #remember(last: LastWrite): void {
    this.#lastOfRemoved.set(last.token, last);
    const [oldest] = this.#lastOfRemoved.keys();
    if (this.#lastOfRemoved.size > removedRemembered) this.#lastOfRemoved.delete(oldest!);
  }
}

function refusal({ queue, jobId }: Lease, job: StoredJob | undefined): LeaseLostError | JobCancelledError {
  if (job?.state === 'failed' && job.failedCode === 'JOB_CANCELLED')
    return new JobCancelledError(job.failedReason ?? '');
  return new LeaseLostError(`another worker may hold job ${jobId} of queue ${queue}: nothing was written`);
}
