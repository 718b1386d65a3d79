import type { Clock } from '../clock.js';
import type { Unsubscribe } from '../engine.js';
import type { JobState } from '../records.js';
import type { Awaited } from './children.js';
import { Deduplications } from './deduplication.js';
import { EventFeed, type News } from './event-feed.js';
import { Heap } from './heap.js';
import { Limits } from './limits.js';
import { MinuteCounts } from './metrics.js';
import type { Outbox } from './outbox.js';
import type { Scheduler } from './scheduler.js';
import type { StoredJob } from './stored-job.js';
import { Watchers } from './watchers.js';

/** One queue: its jobs, the order in which they run, and those who watch. Every change of a job's state goes through it. */
export class QueueState {
  readonly name: string;
  readonly jobs = new Map<string, StoredJob>();
  readonly active = new Set<StoredJob>();
  readonly finished = { completed: new Set<StoredJob>(), failed: new Set<StoredJob>() };
  readonly events: EventFeed;
  readonly watchers: Watchers;
  readonly deduplications: Deduplications;
  readonly schedulers = new Map<string, Scheduler>();
  limits = new Limits();
  metrics = { completed: new MinuteCounts(), failed: new MinuteCounts() };
  isPaused = false;

  /** By priority, then by turn: 0 and up from the tail, below 0 at the head. */
  readonly #ready = new Heap<StoredJob>();
  /** By due time; holds delayed jobs, and parents that wait for a due time too. */
  readonly #due = new Heap<StoredJob>();
  readonly #clock: Clock;
  #lastId = 0;
  #tail = 0;
  #head = 0;

  constructor(name: string, clock: Clock, outbox: Outbox) {
    this.name = name;
    this.#clock = clock;
    this.events = new EventFeed(clock, outbox);
    this.deduplications = new Deduplications(clock);
    this.watchers = new Watchers(clock, outbox, () => this.#nextTime());
  }

  /** The counter moves for custom ids too, as BullMQ's does. */
  nextId(custom: string): string {
    this.#lastId++;
    return custom === '' ? String(this.#lastId) : custom;
  }

  // --- where a job is ---

  toReady(job: StoredJob, end: 'head' | 'tail', prev?: JobState): void {
    this.#leave(job);
    job.delay = 0;
    this.#queueUp(job, end);
    this.emit(job, prev === undefined ? { type: 'waiting' } : { type: 'waiting', prev });
    this.watchers.wake();
  }

  /** Gives a job that is ready the place that its priority says. */
  reorder(job: StoredJob, end: 'head' | 'tail'): void {
    this.#leave(job);
    this.#queueUp(job, end);
  }

  toDelayed(job: StoredJob, due: number): void {
    this.#leave(job);
    job.state = 'delayed';
    job.delay = Math.max(Math.ceil(due - this.#clock.now()), 0);
    this.#setDue(job, due);
    this.emit(job, { type: 'delayed', due });
  }

  toWaitingChildren(job: StoredJob, awaited: Awaited): void {
    const prev = job.state;
    this.#leave(job);
    job.state = 'waiting-children';
    job.awaited = awaited;
    job.parkedOn = this.#clock.now();
    if (awaited.due !== undefined) this.#setDue(job, awaited.due);
    this.emit(job, awaited.fresh ? { type: 'waiting-children' } : { type: 'waiting-children', prev });
  }

  /** Answers the state that it was in. */
  toFinished(job: StoredJob, state: 'completed' | 'failed'): JobState {
    const prev = job.state;
    this.#leave(job);
    job.state = state;
    job.finishedOn = Math.floor(this.#clock.now());
    this.finished[state].add(job);
    return prev;
  }

  /** The next job that is ready, made active. */
  take(): StoredJob | undefined {
    const job = this.#ready.first()?.item;
    if (!job) return undefined;
    this.#leave(job);
    job.state = 'active';
    this.active.add(job);
    return job;
  }

  /** Due jobs join the ready: those that had begun at the head. */
  promoteDue(): void {
    const due: StoredJob[] = [];
    for (let next = this.#due.first(); next && next.key <= this.#clock.now(); next = this.#due.first()) {
      this.#due.remove(next);
      due.push(next.item);
    }
    for (const job of due) if (job.cursor === undefined) this.toReady(job, 'tail', job.state);
    // the head is a stack: what comes to it last runs first
    for (const job of due.reverse()) if (job.cursor !== undefined) this.toReady(job, 'head', job.state);
    this.watchers.arm();
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
    if (job.state === 'active') {
      this.active.delete(job);
      if (this.limits.concurrency !== undefined) this.watchers.wake(); // another may be taken in its place
    } else if (job.state === 'completed' || job.state === 'failed') this.finished[job.state].delete(job);
  }

  #queueUp(job: StoredJob, end: 'head' | 'tail'): void {
    job.state = job.priority > 0 ? 'prioritized' : 'waiting';
    job.entry = this.#ready.add(job, job.priority, end === 'head' ? --this.#head : this.#tail++);
  }

  #setDue(job: StoredJob, due: number): void {
    job.due = due;
    job.entry = this.#due.add(job, due, this.#tail++);
    this.watchers.arm();
  }

  // --- all of it ---

  /** All jobs: those that run next first, then by due time, then the others in the order in which they were added. */
  inOrder(): readonly StoredJob[] {
    return [...new Set([...this.#ready.sorted(), ...this.#due.sorted(), ...this.jobs.values()])];
  }

  /** No job is ready, none is active. */
  get isDrained(): boolean {
    return this.#ready.size === 0 && this.active.size === 0;
  }

  /** It is as one that has never been used; who watches or listens still does. */
  reset(): void {
    this.deduplications.clear();
    this.schedulers.clear();
    this.limits = new Limits();
    this.metrics = { completed: new MinuteCounts(), failed: new MinuteCounts() };
    this.isPaused = false;
    this.#lastId = 0;
  }

  // --- those who watch and listen ---

  watch(wake: () => void): Unsubscribe {
    const stop = this.watchers.add(wake);
    if (this.#ready.size > 0) this.watchers.wake();
    return stop;
  }

  emit(job: StoredJob, news: News): void {
    this.events.emit(job.id, news);
  }

  close(): void {
    this.watchers.close();
    this.events.close();
  }

  #nextTime(): number | undefined {
    const due = this.#due.first()?.key;
    const held = this.#ready.size > 0 ? this.limits.nextTime(this.#clock.now()) : undefined;
    return due !== undefined && held !== undefined ? Math.min(due, held) : (due ?? held);
  }
}
