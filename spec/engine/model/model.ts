import { JobCancelledError, LeaseLostError } from '../../../src/errors.js';
import type { CompleteAnswer, Claimed, ClaimOptions, Engine, Recovery, Waiting } from '../../../src/engine/engine.js';
import type {
  ChildRecord,
  Failure,
  JobOptions,
  JobRecord,
  JobState,
  KeepJobs,
  Lease,
  NewJob,
  ParentLink,
  Payload,
  Write,
} from '../../../src/engine/records.js';

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
type AtOnce<F> = F extends (...args: infer A) => infer R ? (...args: A) => Awaited<R> : F;
/** The engine's port, but for those who listen. */
export type Port = { [K in Exclude<keyof Engine, 'clock' | 'watch' | 'events' | 'close'>]: AtOnce<Engine[K]> };

/** A child as its parent knows it. `removed`: before it had finished. */
interface Kinship {
  readonly parent: ModelJob;
  readonly child: ModelJob;
  readonly link: ParentLink;
  status: ChildRecord['status'] | 'removed';
  value: Payload | undefined;
  reason: string | undefined;
}

export interface ModelJob extends Mutable<Omit<JobRecord, 'checkpoint' | 'eventId'>> {
  seq: number;
  cursor: string | undefined;
  readonly fields: Map<string, string>;
  lease: { readonly token: string; until: number } | undefined;
  last: { readonly token: string; readonly seq: number; readonly answer: unknown } | undefined;
  /** Since the last write. */
  stalls: number;
  awaits: Waiting | undefined;
  kinship: Kinship | undefined;
  readonly children: Kinship[];
  readonly logs: string[];
}

/** What an engine must do, said as plainly as can be: every question is answered by looking through all there is. */
export class Model implements Port {
  now: number;
  /** All jobs, in the order in which they were added; and those that were not kept. */
  jobs: ModelJob[] = [];
  notKept: ModelJob[] = [];
  /** Each job but those that wait for children alone is in one of these; their order is the order in which … */
  line: ModelJob[] = []; // … they run, but for priority
  timed: ModelJob[] = []; // … they were given a due time
  active: ModelJob[] = []; // … they were claimed
  finished: ModelJob[] = []; // … they finished
  readonly paused = new Set<string>();
  readonly #added = new Map<string, number>();
  #tokens = 0;

  constructor(now: number) {
    this.now = now;
  }

  find(queue: string, id: string): ModelJob | undefined {
    return this.jobs.find((job) => job.queue === queue && job.id === id);
  }

  ready(queue: string): ModelJob[] {
    return this.line.filter((job) => job.queue === queue).sort((a, b) => priorityOf(a) - priorityOf(b));
  }

  due(queue: string): ModelJob[] {
    const due = this.timed.filter((job) => job.queue === queue && job.due! <= this.now);
    return due.sort((a, b) => a.due! - b.due!);
  }

  holds({ queue, jobId, token }: Lease): boolean {
    const lease = this.find(queue, jobId)?.lease;
    return lease?.token === token && lease.until > this.now;
  }

  // --- produce ---

  add(jobs: readonly NewJob[]): string[] {
    return jobs.map((job) => this.#add(job));
  }

  #add({ queue, name, data, opts, timestamp, parent: link }: NewJob): string {
    const added = (this.#added.get(queue) ?? 0) + 1;
    this.#added.set(queue, added);
    const id = opts.jobId ?? String(added);
    const parent = link && this.find(link.queue, link.id);
    const known = parent?.children.find(({ child }) => child.queue === queue && child.id === id);
    if (this.find(queue, id) || (known && known.status !== 'removed')) return id;
    const job = newJob(id, { queue, name, data, opts, timestamp, ...(link && { parent: link }) });
    this.jobs.push(job);
    if (parent) {
      if (known) parent.children.splice(parent.children.indexOf(known), 1);
      job.kinship = { parent, child: job, link: link!, status: 'pending', value: undefined, reason: undefined };
      parent.children.push(job.kinship);
    }
    if (opts.delay) this.#toTimed(job, 'delayed', timestamp + opts.delay);
    else this.#toLine(job, opts.lifo ? 'head' : 'tail');
    return id;
  }

  // --- consume ---

  claim(queue: string, { limit, lockDuration }: ClaimOptions): Claimed[] {
    if (limit > 0) this.#promoteDue(queue);
    if (this.paused.has(queue)) return [];
    return this.ready(queue)
      .slice(0, limit)
      .map((job) => {
        this.#leave(job);
        this.active.push(job);
        job.state = 'active';
        job.lease = { token: `t${++this.#tokens}`, until: this.now + lockDuration };
        job.processedOn = this.now;
        job.attemptsStarted++;
        return { job: recordOf(job), lease: { queue, jobId: job.id, token: job.lease.token } };
      });
  }

  renew(leases: readonly Lease[], lockDuration: number): Lease[] {
    const held = leases.filter((lease) => this.holds(lease));
    for (const { queue, jobId } of held) this.find(queue, jobId)!.lease!.until = this.now + lockDuration;
    return leases.filter((lease) => !held.includes(lease));
  }

  checkpoint(lease: Lease, write: Write): void {
    this.#write(lease, write, (job) => this.#save(job, write));
  }

  moveToDelayed(lease: Lease, write: Write, due: number): void {
    this.#write(lease, write, (job) => {
      this.#save(job, write);
      this.#toTimed(job, 'delayed', due);
    });
  }

  moveToWaitingChildren(lease: Lease, write: Write, waiting: Waiting): boolean {
    return this.#write(lease, write, (job) => {
      this.#save(job, write);
      if (hasCome(job, waiting)) return false;
      this.#toWaitingChildren(job, waiting);
      return true;
    });
  }

  complete(lease: Lease, write: Write, result: Payload | undefined, failuresSeen: number): CompleteAnswer {
    return this.#write(lease, write, (job) => {
      if (failuresOf(job) > failuresSeen) return 'failed-children';
      this.#save(job, write);
      if (job.children.some(isPending)) {
        this.#toWaitingChildren(job, { all: { failuresSeen } });
        return 'waiting-children';
      }
      job.seq = 0;
      job.fields.clear();
      job.attemptsMade++;
      job.returnvalue = result;
      this.#finish(job, 'completed');
      return 'completed';
    });
  }

  fail(lease: Lease, write: Write, failure: Failure, retryAt?: number): void {
    this.#write(lease, write, (job) => {
      this.#save(job, write);
      job.attemptsMade++;
      if (retryAt === undefined) this.#fail(job, failure);
      else {
        note(job, failure);
        if (retryAt > this.now) this.#toTimed(job, 'delayed', retryAt);
        else this.#toLine(job, 'tail');
      }
    });
  }

  release(lease: Lease, write: Write): void {
    this.#write(lease, write, (job) => {
      this.#save(job, write);
      this.#toLine(job, 'head');
    });
  }

  recoverStalled(queue: string, maxStalledCount: number): Recovery {
    const stalled = this.active.filter((job) => job.queue === queue && job.lease!.until <= this.now);
    const recovered = stalled.reverse().map((job) => {
      job.stalledCounter++;
      job.stalls++;
      if (job.stalls <= maxStalledCount) this.#toLine(job, 'head');
      else this.#fail(job, { reason: 'job stalled more than allowable limit', code: 'JOB_STALLED', stack: undefined });
      return { jobId: job.id, to: job.state === 'failed' ? ('failed' as const) : ('waiting' as const) };
    });
    return { recovered, mayStall: this.active.some((job) => job.queue === queue) };
  }

  // --- look ---

  get(queue: string, id: string): JobRecord | undefined {
    const job = this.find(queue, id);
    return job && recordOf(job);
  }

  children(queue: string, id: string, group?: string): ChildRecord[] {
    const all = this.find(queue, id)?.children ?? [];
    const listed = all.filter(({ link, status }) => status !== 'removed' && (group === undefined || link.group === group));
    return listed.map(({ child, link, status, value, reason }) => {
      const { group: own, onFailure } = link;
      return { queue: child.queue, id: child.id, group: own, onFailure, status, value, reason } as ChildRecord;
    });
  }

  log(queue: string, id: string, row: string): void {
    this.find(queue, id)?.logs.push(row);
  }

  logs(queue: string, id: string): string[] {
    return [...(this.find(queue, id)?.logs ?? [])];
  }

  // --- administer ---

  retry(queue: string, id: string): boolean {
    const job = this.find(queue, id);
    if (!job || !isFinished(job)) return false;
    job.finishedOn = job.processedOn = job.returnvalue = job.failedReason = job.failedCode = undefined;
    job.stalls = 0;
    this.#toLine(job, 'tail');
    if (job.kinship) Object.assign(job.kinship, { status: 'pending', value: undefined, reason: undefined });
    return true;
  }

  promote(queue: string, id: string): boolean {
    const job = this.find(queue, id);
    if (job?.state !== 'delayed') return false;
    this.#toLine(job, job.cursor === undefined ? 'tail' : 'head');
    return true;
  }

  changeDelay(queue: string, id: string, due: number): boolean {
    const job = this.find(queue, id);
    if (job?.state !== 'delayed') return false;
    this.#toTimed(job, 'delayed', due);
    return true;
  }

  updateData(queue: string, id: string, data: Payload | undefined): boolean {
    const job = this.find(queue, id);
    if (job) job.data = data;
    return job !== undefined;
  }

  cancel(queue: string, id: string, reason: string): boolean {
    const job = this.find(queue, id);
    if (!job || isFinished(job)) return false;
    this.#fail(job, { reason, code: 'JOB_CANCELLED', stack: undefined });
    for (const child of this.#childrenOf(job)) this.cancel(child.queue, child.id, reason);
    return true;
  }

  remove(queue: string, id: string): boolean {
    const job = this.find(queue, id);
    if (!job || this.#isAtWork(job)) return false;
    this.#remove(job);
    this.#tell(job, 'removed');
    return true;
  }

  #remove(job: ModelJob): void {
    this.#drop(job);
    for (const child of this.#childrenOf(job)) if (!isFinished(child)) this.#remove(child);
  }

  pause(queue: string): void {
    this.paused.add(queue);
  }

  resume(queue: string): void {
    this.paused.delete(queue);
  }

  counts(queue: string): Record<JobState, number> {
    const count = (state: JobState): [JobState, number] => [state, this.list(queue, state).length];
    return Object.fromEntries(states.map(count)) as Record<JobState, number>;
  }

  list(queue: string, state: JobState, start = 0, end = -1): JobRecord[] {
    const byDue = [...this.timed].sort((a, b) => a.due! - b.due!);
    const inOrder = { waiting: this.ready(queue), prioritized: this.ready(queue), delayed: byDue } as const;
    const finished = [...this.finished].reverse();
    const all = { ...inOrder, active: this.active, 'waiting-children': this.jobs, completed: finished, failed: finished };
    const jobs = all[state].filter((job) => job.queue === queue && job.state === state);
    return jobs.slice(start, end < 0 ? jobs.length + end + 1 : end + 1).map(recordOf);
  }

  clean(queue: string, state: 'completed' | 'failed', age: number, limit: number): string[] {
    const old = (job: ModelJob): boolean => job.queue === queue && job.state === state && job.finishedOn! <= this.now - age;
    const cleaned = this.finished.filter(old).slice(0, limit);
    for (const job of cleaned) this.#drop(job);
    return cleaned.map((job) => job.id);
  }

  // --- what the transitions share ---

  #write<A>(lease: Lease, write: Write, transition: (job: ModelJob) => A): A {
    const job = this.find(lease.queue, lease.jobId);
    const isResent = ({ last }: ModelJob): boolean => last?.token === lease.token && last.seq === write.seq;
    const written = [...(job ? [job] : []), ...this.notKept].find(isResent);
    if (written) return written.last!.answer as A;
    if (job?.state === 'failed' && job.failedCode === 'JOB_CANCELLED') throw new JobCancelledError('');
    if (!job || !this.holds(lease) || write.seq !== job.seq + 1) throw new LeaseLostError('');
    const answer = transition(job);
    if (answer !== 'failed-children') job.last = { token: lease.token, seq: write.seq, answer };
    return answer;
  }

  #save(job: ModelJob, { seq, cursor = job.cursor, fields = [], progress = job.progress, children = [] }: Write): void {
    this.add(children);
    Object.assign(job, { seq, cursor, progress, stalls: 0 });
    for (const [field, value] of fields) {
      if (value === null) job.fields.delete(field);
      else job.fields.set(field, value);
    }
  }

  #promoteDue(queue: string): void {
    const due = this.due(queue);
    for (const job of due) if (job.cursor === undefined) this.#toLine(job, 'tail');
    for (const job of due.reverse()) if (job.cursor !== undefined) this.#toLine(job, 'head');
  }

  #toLine(job: ModelJob, end: 'head' | 'tail'): void {
    this.#leave(job);
    job.state = priorityOf(job) > 0 ? 'prioritized' : 'waiting';
    if (end === 'head') this.line.unshift(job);
    else this.line.push(job);
  }

  #toTimed(job: ModelJob, state: 'delayed' | 'waiting-children', due: number): void {
    this.#leave(job);
    job.state = state;
    job.due = due;
    this.timed.push(job);
  }

  #toWaitingChildren(job: ModelJob, waiting: Waiting): void {
    this.#leave(job);
    job.state = 'waiting-children';
    if (waiting.due !== undefined) this.#toTimed(job, 'waiting-children', waiting.due);
    job.awaits = waiting;
  }

  #fail(job: ModelJob, failure: Failure): void {
    note(job, failure);
    this.#finish(job, 'failed');
  }

  #finish(job: ModelJob, state: 'completed' | 'failed'): void {
    this.#leave(job);
    job.state = state;
    job.finishedOn = this.now;
    this.finished.push(job);
    this.#tell(job, state);
    const { age = Infinity, count = Infinity } = kept(state === 'completed' ? job.opts.removeOnComplete : job.opts.removeOnFail);
    const alike = this.finished.filter((each) => each.queue === job.queue && each.state === state);
    for (const [index, each] of alike.entries()) {
      if (index >= alike.length - count && each.finishedOn! > this.now - age * 1_000) continue;
      this.#drop(each);
      this.notKept.push(each);
    }
  }

  /** Tells the parent what has become of its child. */
  #tell({ kinship, returnvalue, failedReason }: ModelJob, status: 'completed' | 'failed' | 'removed'): void {
    if (kinship?.status !== 'pending') return;
    kinship.status = status;
    if (status === 'completed') kinship.value = returnvalue;
    if (status === 'failed') kinship.reason = failedReason;
    const { parent } = kinship;
    if (parent.awaits && hasCome(parent, parent.awaits)) this.#toLine(parent, 'head');
  }

  #childrenOf(job: ModelJob): ModelJob[] {
    return job.children.map(({ child }) => child).filter((child) => this.jobs.includes(child));
  }

  #isAtWork(job: ModelJob): boolean {
    return job.state === 'active' || this.#childrenOf(job).some((child) => this.#isAtWork(child));
  }

  #drop(job: ModelJob): void {
    this.#leave(job);
    this.jobs = without(this.jobs, job);
  }

  #leave(job: ModelJob): void {
    job.due = job.awaits = job.lease = undefined;
    this.line = without(this.line, job);
    this.timed = without(this.timed, job);
    this.active = without(this.active, job);
    this.finished = without(this.finished, job);
  }
}

export const states = ['waiting', 'prioritized', 'delayed', 'active', 'waiting-children', 'completed', 'failed'] as const;

export function isFinished({ state }: { readonly state: JobState }): boolean {
  return state === 'completed' || state === 'failed';
}

const isPending = ({ status }: Kinship): boolean => status === 'pending';
const isBroken = ({ link, status }: Kinship): boolean =>
  link.onFailure === 'continue' && (status === 'failed' || status === 'removed');
const failuresOf = ({ children }: ModelJob): number =>
  children.filter(({ link, status }) => link.onFailure === 'fail' && status === 'failed').length;

/** Whether what a parent waits for of its children has come; waiting for nothing at all ends at once. */
function hasCome(parent: ModelJob, { groups = [], all, due }: Waiting): boolean {
  if (!all && groups.length === 0) return due === undefined;
  const allDone = !parent.children.some(isPending);
  if (all && (allDone || failuresOf(parent) > all.failuresSeen)) return true;
  return groups.some((name) => {
    const group = parent.children.filter(({ link }) => link.group === name);
    return !group.some(isPending) || group.some(isBroken);
  });
}

function note(job: ModelJob, { reason, code, stack }: Failure): void {
  job.failedReason = reason;
  job.failedCode = code;
  if (stack !== undefined) job.stacktrace = [...job.stacktrace, stack].slice(-10);
}

function kept(option: boolean | number | KeepJobs | undefined): KeepJobs {
  if (option === true) return { count: 0 };
  if (typeof option === 'number') return { count: option };
  return option || {};
}

function priorityOf({ opts }: { readonly opts: JobOptions }): number {
  return opts.priority ?? 0;
}

function without<T>(list: readonly T[], item: T): T[] {
  return list.filter((each) => each !== item);
}

function newJob(id: string, { queue, name, data, opts, timestamp, parent }: NewJob): ModelJob {
  const nothing = { due: undefined, processedOn: undefined, finishedOn: undefined, progress: undefined } as const;
  const noEnd = { returnvalue: undefined, failedReason: undefined, failedCode: undefined, stacktrace: [] } as const;
  const noCounts = { attemptsMade: 0, attemptsStarted: 0, stalledCounter: 0, stalls: 0, seq: 0 };
  const free = { lease: undefined, last: undefined, awaits: undefined, kinship: undefined, cursor: undefined };
  const empty = { fields: new Map<string, string>(), children: [], logs: [] };
  const given = { id, queue, name, data, opts, timestamp, parent };
  return { ...given, state: 'waiting', ...nothing, ...noEnd, ...noCounts, ...free, ...empty };
}

function recordOf(job: ModelJob): JobRecord {
  const { seq, cursor, fields, lease: _, last: _1, stalls: _2, awaits: _3, kinship: _4, children: _5, logs: _6, ...seen } = job;
  const checkpoint = cursor === undefined ? undefined : { seq, cursor, fields: new Map(fields) };
  return { ...seen, checkpoint, eventId: 0 };
}
