import type { Cancel, Clock } from '../clock.js';
import type { Unsubscribe, Waiting } from '../engine.js';
import type { JobState } from '../records.js';
import { EventFeed, type News } from './event-feed.js';
import { Heap } from './heap.js';
import type { Outbox } from './outbox.js';
import type { StoredJob } from './stored-job.js';

/** One queue: its jobs, the order in which they run, and those who watch. Every change of a job's state goes through it. */
export class QueueState {
  readonly jobs = new Map<string, StoredJob>();
  readonly active = new Set<StoredJob>();
  readonly finished = { completed: new Set<StoredJob>(), failed: new Set<StoredJob>() };
  readonly events: EventFeed;

  /** By priority, then by turn: 0 and up from the tail, below 0 at the head. */
  readonly #ready = new Heap<StoredJob>();
  /** By due time; holds delayed jobs, and parents that wait for a due time too. */
  readonly #due = new Heap<StoredJob>();
  readonly #clock: Clock;
  readonly #outbox: Outbox;
  readonly #watchers = new Set<() => void>();
  #lastId = 0;
  #tail = 0;
  #head = 0;
  #paused = false;
  #waking = false;
  #alarm: { readonly due: number; readonly cancel: Cancel } | undefined;

  constructor(clock: Clock, outbox: Outbox) {
    this.#clock = clock;
    this.#outbox = outbox;
    this.events = new EventFeed(clock, outbox);
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

  toWaitingChildren(job: StoredJob, waiting: Waiting): void {
    this.#leave(job);
    job.state = 'waiting-children';
    job.awaited = waiting;
    if (waiting.due !== undefined) this.#setDue(job, waiting.due);
    this.emit(job, { type: 'waiting-children' });
  }

  toFinished(job: StoredJob, state: 'completed' | 'failed'): void {
    this.#leave(job);
    job.state = state;
    job.finishedOn = Math.floor(this.#clock.now());
    this.finished[state].add(job);
  }

  /** The next job that is ready, made active; due ones join the ready first: those that had begun at the head. */
  take(): StoredJob | undefined {
    this.#promoteDue();
    if (this.#paused) return undefined;
    const job = this.#ready.first()?.item;
    if (!job) return undefined;
    this.#leave(job);
    job.state = 'active';
    this.active.add(job);
    return job;
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.wake();
  }

  /** All jobs: those that run next first, then by due time, then the others in the order in which they were added. */
  inOrder(): readonly StoredJob[] {
    return [...new Set([...this.#ready.sorted(), ...this.#due.sorted(), ...this.jobs.values()])];
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
    job.lock = undefined;
    if (job.state === 'active') this.active.delete(job);
    else if (job.state === 'completed' || job.state === 'failed') this.finished[job.state].delete(job);
  }

  #setDue(job: StoredJob, due: number): void {
    job.due = due;
    job.entry = this.#due.add(job, due, this.#tail++);
    this.#arm();
  }

  #promoteDue(): void {
    const due: StoredJob[] = [];
    for (let next = this.#due.first(); next && next.key <= this.#clock.now(); next = this.#due.first()) {
      this.#due.remove(next);
      due.push(next.item);
    }
    for (const job of due) if (job.cursor === undefined) this.toReady(job, 'tail', job.state);
    // the head is a stack: what comes to it last runs first
    for (const job of due.reverse()) if (job.cursor !== undefined) this.toReady(job, 'head', job.state);
    this.#arm();
  }

  // --- those who watch ---

  watch(wake: () => void): Unsubscribe {
    const watcher = (): void => this.#outbox.call(wake);
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
    const cancel = this.#clock.after(Math.max(due - this.#clock.now(), 0), () => {
      this.#alarm = undefined;
      this.wake();
    });
    this.#alarm = { due, cancel };
  }

  emit(job: StoredJob, news: News): void {
    this.events.emit(job.id, news);
  }

  close(): void {
    this.#watchers.clear();
    this.events.close();
    this.#arm();
  }
}
