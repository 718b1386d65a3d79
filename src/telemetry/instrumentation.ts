import type { Awaitable } from '../engine/awaitable.js';
import type { Engine } from '../engine/engine.js';
import type { JobRecord, JobState, Lease, Write } from '../engine/records.js';
import { adding, detached, watched } from './adding.js';
import { keys, ofQueue } from './attributes.js';
import { ObservedActivation, type Observers } from './observed.js';
import type { Observation, Telemetry } from './telemetry.js';

/** By what stands before it: `app.engine` may be given to another, which has telemetry of its own. */
const realOf = new WeakMap<Engine, Engine>();

/** A worker of this process, as its figures show it. */
interface Slots {
  readonly activeCount: number;
  readonly concurrency: number;
  readonly name: string;
}

/**
 * What telemetry sees of one store's jobs: it stands once between an engine and all who use it here, and is told by workers
 * when an activation begins and ends. Engines know nothing of it; without telemetry there is none.
 */
export class Instrumentation {
  readonly engine: Engine;
  readonly #real: Engine;
  readonly #to: Observers;
  readonly #running = new Map<string, ObservedActivation>();
  readonly #queues = new Set<string>();
  readonly #workers = new Set<Slots>();
  readonly #unobserve: readonly (() => void)[];

  constructor(engine: Engine, { tracing, metrics }: Telemetry) {
    this.#real = realOf.get(engine) ?? engine;
    this.#to = { clock: engine.clock, tracing, metrics };
    this.engine = this.#standBetween();
    realOf.set(this.engine, this.#real);
    this.#unobserve = metrics
      ? [
          metrics.observe('stepstream.queue.jobs', () => this.#depths()),
          metrics.observe('stepstream.worker.jobs', () => this.#slots(({ activeCount }) => activeCount)),
          metrics.observe('stepstream.worker.concurrency', () => this.#slots(({ concurrency }) => concurrency)),
        ]
      : [];
  }

  // --- who uses it ---

  /** The queue's jobs are counted when figures are collected. */
  watch(queue: string): void {
    this.#queues.add(queue);
  }

  /** @returns ends it */
  worker(slots: Slots): () => void {
    this.watch(slots.name);
    this.#workers.add(slots);
    return () => void this.#workers.delete(slots);
  }

  close(): void {
    for (const end of this.#unobserve) end();
  }

  // --- activations ---

  begin(job: JobRecord, { token }: Lease): ObservedActivation {
    const activation = new ObservedActivation(this.#to, job);
    this.#running.set(token, activation);
    return activation;
  }

  end({ token }: Lease, outcome: string, error: unknown): void {
    this.#running.get(token)?.end(outcome, error);
    this.#running.delete(token);
  }

  // --- the port ---

  #standBetween(): Engine {
    const real = this.#real;
    const { tracing } = this.#to;
    const own: Partial<Engine> = {
      add: (jobs) => adding(this.#to, jobs, undefined, (all) => real.add(all)),
      checkpoint: (lease, write) => this.#writing(lease, write, (all) => real.checkpoint(lease, all)),
      moveToDelayed: (lease, write, due) => this.#writing(lease, write, (all) => real.moveToDelayed(lease, all, due)),
      moveToWaitingChildren: (lease, write, waiting) =>
        this.#writing(lease, write, (all) => real.moveToWaitingChildren(lease, all, waiting)),
      complete: (lease, write, result, failuresSeen) =>
        this.#writing(lease, write, (all) => real.complete(lease, all, result, failuresSeen)),
      fail: (lease, write, failure, retryAt) =>
        this.#writing(lease, write, (all) => real.fail(lease, all, failure, retryAt)),
      release: (lease, write) => this.#writing(lease, write, (all) => real.release(lease, all)),
      recoverStalled: (queue, maxStalledCount) => this.#recovering(queue, maxStalledCount),
    };
    const members = new Map<PropertyKey, unknown>(Object.entries(own));
    return new Proxy(real, {
      get(engine, name) {
        let member = members.get(name);
        if (member !== undefined) return member;
        member = Reflect.get(engine, name);
        if (typeof member !== 'function') return member;
        const call = member.bind(engine) as (...args: readonly unknown[]) => unknown; // a stranger's may have private fields
        const made = tracing ? (...args: readonly unknown[]) => tracing.detached(() => call(...args)) : call;
        members.set(name, made);
        return made;
      },
    });
  }

  #writing<A>(lease: Lease, write: Write, send: (write: Write) => Awaitable<A>): Awaitable<A> {
    const { children } = write;
    if (!children) return detached(this.#to, () => send(write));
    const span = this.#running.get(lease.token)?.span;
    return adding(this.#to, children, span, (all) => send({ ...write, children: all }));
  }

  #recovering(queue: string, maxStalledCount: number): ReturnType<Engine['recoverStalled']> {
    return watched(
      () => detached(this.#to, () => this.#real.recoverStalled(queue, maxStalledCount)),
      ({ recovered }) => {
        for (const { to } of recovered) {
          this.#to.metrics?.count('stepstream.takeovers', 1, { ...ofQueue(queue), [keys.jobState]: to });
        }
      },
      () => {},
    );
  }

  // --- gauges ---

  async #depths(): Promise<readonly Observation[]> {
    const all = [...this.#queues].map(async (queue) => {
      const counts = Object.entries(await this.engine.counts(queue)) as readonly (readonly [JobState, number])[];
      return counts.map(([state, value]) => ({ value, attributes: { ...ofQueue(queue), [keys.jobState]: state } }));
    });
    return (await Promise.all(all)).flat();
  }

  #slots(figure: (slots: Slots) => number): readonly Observation[] {
    const byQueue = new Map<string, number>();
    for (const slots of this.#workers) byQueue.set(slots.name, (byQueue.get(slots.name) ?? 0) + figure(slots));
    return [...byQueue].map(([queue, value]) => ({ value, attributes: ofQueue(queue) }));
  }
}
