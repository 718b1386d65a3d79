import type { Cancel, Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { EngineEvent, JobState } from '../records.js';
import { Heap } from './heap.js';
import type { Outbox } from './outbox.js';
import type { StoredJob } from './stored-job.js';

type Listener = (event: EngineEvent) => void;
/** An event but for what the queue adds. */
export type News = EngineEvent extends infer E ? (E extends EngineEvent ? Omit<E, 'id' | 'at' | 'jobId'> : never) : never;

/** One queue: its jobs, the order in which they run, and those who watch. Every change of a job's state goes through it. */
export class QueueState {
  readonly jobs = new Map<string, StoredJob>();
  readonly active = new Set<StoredJob>();
  readonly finished = { completed: new Set<StoredJob>(), failed: new Set<StoredJob>() };
  eventId = 0;

  /** By priority, then by turn: 0 and up from the tail, below 0 at the head. */
  readonly #ready = new Heap<StoredJob>();
  /** By due time; holds delayed jobs, and parents that wait for a due time too. */
  readonly #due = new Heap<StoredJob>();
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #watchers = new Set<() => void>();
  readonly #listeners = new Set<Listener>();
  readonly #listenersByJob = new Map<string, Set<Listener>>();
  #lastId = 0;
  #tail = 0;
  #head = 0;
  #waking = false;
  #alarm: { readonly due: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, outbox: Outbox) {
    this.#clock = clock;
    this.#outbox = outbox;
  }

  /** The counter moves for custom ids too, as BullMQ's does. */
  nextId(custom: string | undefined): string {
    this.#lastId++;
    return custom ?? String(this.#lastId);
  }

  // --- where a job is ---

  toReady(job: StoredJob, end: 'head' | 'tail', prev?: JobState): void {
    this.#leave(job);
    const priority = job.opts.priority ?? 0;
    job.state = priority > 0 ? 'prioritized' : 'waiting';
    job.entry = this.#ready.add(job, priority, end === 'head' ? --this.#head : this.#tail++);
    this.emit(job, prev === undefined ? { type: 'waiting' } : { type: 'waiting', prev });
    this.wake();
  }

  toDelayed(job: StoredJob, due: number): void {
    this.#leave(job);
    job.state = 'delayed';
    this.#setDue(job, due);
    this.emit(job, { type: 'delayed', due });
  }

  toWaitingChildren(job: StoredJob, groups: readonly string[] | undefined, due: number | undefined): void {
    this.#leave(job);
    job.state = 'waiting-children';
    job.awaited = groups;
    if (due !== undefined) this.#setDue(job, due);
    this.emit(job, { type: 'waiting-children' });
  }

  toFinished(job: StoredJob, state: 'completed' | 'failed'): void {
    this.#leave(job);
    job.state = state;
    job.finishedOn = this.#clock.now();
    this.finished[state].add(job);
  }

  /** The next job that is ready, made active; due ones join the ready first: those that had begun at the head. */
  take(): StoredJob | undefined {
    this.#promoteDue();
    const job = this.#ready.first()?.item;
    if (!job) return undefined;
    this.#leave(job);
    job.state = 'active';
    this.active.add(job);
    return job;
  }

  delete(job: StoredJob): void {
    this.#leave(job);
    this.jobs.delete(job.id);
  }

  #leave(job: StoredJob): void {
    if (job.entry) (job.due === undefined ? this.#ready : this.#due).remove(job.entry);
    job.entry = undefined;
    job.due = undefined;
    job.awaited = undefined;
    if (job.state === 'active') this.active.delete(job);
    else if (job.state === 'completed' || job.state === 'failed') this.finished[job.state].delete(job);
  }

  #setDue(job: StoredJob, due: number): void {
    job.due = due;
    job.entry = this.#due.add(job, due, this.#tail++);
    this.#arm();
  }

  #promoteDue(): void {
    for (let next = this.#due.first(); next && next.key <= this.#clock.now(); next = this.#due.first()) {
      const job = next.item;
      this.toReady(job, job.cursor === undefined ? 'tail' : 'head', job.state);
    }
    this.#arm();
  }

  // --- those who watch ---

  watch(wake: () => void): Unsubscribe {
    const watcher = (): void => wake();
    this.#watchers.add(watcher);
    this.#arm();
    if (this.#ready.size > 0) this.wake();
    return () => {
      this.#watchers.delete(watcher);
      this.#arm();
    };
  }

  wake(): void {
    if (this.#waking || this.#watchers.size === 0) return;
    this.#waking = true;
    this.#outbox.post(() => {
      this.#waking = false;
      for (const watcher of this.#watchers) watcher();
    });
  }

  /** One timer per queue, for the next due job, and only while somebody watches. */
  #arm(): void {
    const due = this.#watchers.size === 0 ? undefined : this.#due.first()?.key;
    if (due === this.#alarm?.due) return;
    this.#alarm?.cancel();
    this.#alarm = undefined;
    if (due === undefined) return;
    const cancel = this.#clock.after(Math.max(due - this.#clock.now(), 0), () => this.wake());
    this.#alarm = { due, cancel };
  }

  listen(listener: Listener, jobId?: string): Unsubscribe {
    const own: Listener = (event) => listener(event);
    if (jobId === undefined) {
      this.#listeners.add(own);
      return () => this.#listeners.delete(own);
    }
    let listeners = this.#listenersByJob.get(jobId);
    if (!listeners) this.#listenersByJob.set(jobId, (listeners = new Set()));
    listeners.add(own);
    return () => {
      listeners.delete(own);
      if (listeners.size === 0 && this.#listenersByJob.get(jobId) === listeners) this.#listenersByJob.delete(jobId);
    };
  }

  emit(job: StoredJob, news: News): void {
    const id = ++this.eventId;
    const ofJob = this.#listenersByJob.get(job.id);
    if (this.#listeners.size === 0 && ofJob === undefined) return;
    const event = { ...news, id, at: this.#clock.now(), jobId: job.id } as EngineEvent;
    const listeners = [...this.#listeners, ...(ofJob ?? [])];
    this.#outbox.post(() => {
      for (const listener of listeners) listener(event);
    });
  }

  close(): void {
    this.#watchers.clear();
    this.#listeners.clear();
    this.#listenersByJob.clear();
    this.#arm();
  }
}
