import type { Waiting } from '../../../src/engine/engine.js';
import type { Failure, JobState, KeepJobs, NewJob } from '../../../src/engine/records.js';
import { hasCome, newModelJob, noteFailure, states, type ModelJob } from './model-job.js';

/** The jobs of the model and the moves that its transitions share: every question is answered by looking at all jobs. */
export class ModelStore {
  now: number;
  /** In the order in which they were added. */
  jobs: ModelJob[] = [];
  /** Completed or failed, and gone by their own options. */
  readonly notKept: ModelJob[] = [];
  readonly paused = new Set<string>();
  readonly #added = new Map<string, number>();
  #turns = 0;

  constructor(now: number) {
    this.now = now;
  }

  // --- looking for jobs ---

  find(queue: string, id: string): ModelJob | undefined {
    return this.jobs.find((job) => job.queue === queue && job.id === id);
  }

  in(queue: string, ...wanted: readonly JobState[]): ModelJob[] {
    return this.jobs.filter((job) => job.queue === queue && wanted.includes(job.state)).sort((a, b) => a.turn - b.turn);
  }

  /** In the order in which they run. */
  ready(queue: string): ModelJob[] {
    return this.in(queue, 'waiting', 'prioritized').sort((a, b) => a.priority - b.priority);
  }

  /** Delayed jobs and parents that wait for a time too, the first to be due first. */
  timed(queue: string): ModelJob[] {
    const timed = this.in(queue, ...states).filter(({ due }) => due !== undefined);
    return timed.sort((a, b) => a.due! - b.due!);
  }

  due(queue: string): ModelJob[] {
    return this.timed(queue).filter(({ due }) => due! <= this.now);
  }

  /** What a claim of all jobs would take. */
  claimable(queue: string): readonly ModelJob[] {
    return this.paused.has(queue) ? [] : [...this.ready(queue), ...this.due(queue)];
  }

  childrenOf({ children }: ModelJob): readonly ModelJob[] {
    return children.map(({ child }) => child).filter((child) => this.jobs.includes(child));
  }

  // --- moving a job ---

  move(job: ModelJob, state: JobState, more: Partial<ModelJob> = {}): void {
    Object.assign(job, { state, turn: ++this.#turns, due: undefined, awaits: undefined, lease: undefined, ...more });
  }

  toReady(job: ModelJob, end: 'head' | 'tail'): void {
    const turn = ++this.#turns;
    this.move(job, job.priority > 0 ? 'prioritized' : 'waiting', { turn: end === 'head' ? -turn : turn, delay: 0 });
  }

  toDelayed(job: ModelJob, due: number, delay = Math.max(due - this.now, 0)): void {
    this.move(job, 'delayed', { due, delay });
  }

  toWaitingChildren(job: ModelJob, awaits: Waiting): void {
    this.move(job, 'waiting-children', { awaits, due: awaits.due });
  }

  /** Due jobs that have begun go to the head, the last of them first; the others to the tail. */
  promoteDue(queue: string): void {
    const due = this.due(queue);
    for (const job of due) if (job.cursor === undefined) this.toReady(job, 'tail');
    for (const job of due.reverse()) if (job.cursor !== undefined) this.toReady(job, 'head');
  }

  finish(job: ModelJob, state: 'completed' | 'failed'): void {
    this.move(job, state, { finishedOn: this.now });
    this.tell(job, state);
    const keep = keepOf(state === 'completed' ? job.opts.removeOnComplete : job.opts.removeOnFail);
    const alike = this.in(job.queue, state);
    const tooMany = alike.slice(0, Math.max(alike.length - keep.count, 0));
    const tooOld = alike.filter(({ finishedOn }) => finishedOn! <= this.now - keep.age * 1_000);
    // a job that isn't to be kept itself leaves the others alone
    for (const each of keep.count === 0 ? [job] : new Set([...tooMany, ...tooOld])) this.forget(each);
  }

  failForGood(job: ModelJob, failure: Failure): void {
    noteFailure(job, failure);
    this.finish(job, 'failed');
  }

  /** Tells the parent what has become of its child. */
  tell({ kinship, returnvalue, failedReason }: ModelJob, status: 'completed' | 'failed' | 'removed'): void {
    if (kinship?.status !== 'pending') return;
    const { onFailure } = kinship.link;
    if (status === 'failed' && onFailure === 'wait') return;
    kinship.status = status === 'failed' && onFailure === 'remove' ? 'removed' : status;
    if (status === 'completed') kinship.value = returnvalue;
    if (status === 'failed') kinship.reason = failedReason;
    const { parent } = kinship;
    if (parent.awaits && hasCome(parent, parent.awaits)) this.toReady(parent, 'head');
  }

  /** The job is gone, and its parent knows. */
  forget(job: ModelJob): void {
    this.drop(job);
    this.tell(job, 'removed');
  }

  drop(job: ModelJob): void {
    this.jobs = this.jobs.filter((each) => each !== job);
  }

  add(job: NewJob): string {
    const { queue, opts, parent: link } = job;
    const number = (this.#added.get(queue) ?? 0) + 1;
    this.#added.set(queue, number);
    const id = opts.jobId ?? String(number);
    const parent = link && this.find(link.queue, link.id);
    const known = parent?.children.find(({ child }) => child.queue === queue && child.id === id);
    if (this.find(queue, id) || (known && known.status !== 'removed')) return id;
    const child = newModelJob(id, job);
    this.jobs.push(child);
    if (link && parent) {
      child.kinship = { parent, child, link, status: 'pending', value: undefined, reason: undefined };
      parent.children = [...parent.children.filter((each) => each !== known), child.kinship];
    }
    if (opts.delay) this.toDelayed(child, job.timestamp + opts.delay, opts.delay);
    else this.toReady(child, opts.lifo ? 'head' : 'tail');
    return id;
  }
}

function keepOf(option: boolean | number | KeepJobs | undefined): Required<Omit<KeepJobs, 'limit'>> {
  const keep = option === true ? { count: 0 } : typeof option === 'number' ? { count: option } : option || {};
  return { age: Infinity, count: Infinity, ...keep };
}
