import { isPromise, type Awaitable } from '../engine/awaitable.js';
import { steadyTime } from '../engine/clock.js';
import type { Engine } from '../engine/engine.js';
import type { JobRecord, JobState, Lease, NewJob, Write } from '../engine/records.js';
import { keys, ofQueue, operation } from './attributes.js';
import { ObservedActivation, seconds, typeOf, type Observers } from './observed.js';
import type { Observation, Span, Telemetry } from './telemetry.js';

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
    this.#real = engine;
    this.#to = { clock: engine.clock, tracing, metrics };
    this.engine = this.#standBetween();
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
      add: (jobs) => this.#adding(jobs, undefined, (all) => real.add(all)),
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
        if (typeof member !== 'function' || !tracing) return member;
        const call = member as (...args: readonly unknown[]) => unknown;
        const detached = (...args: readonly unknown[]): unknown =>
          tracing.detached(() => call.apply(engine, [...args]));
        members.set(name, detached);
        return detached;
      },
    });
  }

  #writing<A>(lease: Lease, write: Write, send: (write: Write) => Awaitable<A>): Awaitable<A> {
    const { children } = write;
    if (!children) return this.#detached(() => send(write));
    const span = this.#running.get(lease.token)?.span;
    return this.#adding(children, span, (all) => send({ ...write, children: all }));
  }

  /** Jobs are added in a span that they take along. @param parent default: the span that is active */
  #adding<A>(
    jobs: readonly NewJob[],
    parent: Span | undefined,
    send: (jobs: readonly NewJob[]) => Awaitable<A>,
  ): Awaitable<A> {
    const [first] = jobs;
    if (!first) return this.#detached(() => send(jobs));
    const { clock, tracing, metrics } = this.#to;
    const begun = steadyTime(clock);
    const sending = operation('add', 'send', first.queue);
    const span = tracing?.start({
      name: `add ${first.queue}`,
      kind: 'producer',
      attributes: {
        ...sending,
        ...(jobs.length > 1 ? { [keys.batchCount]: jobs.length } : { [keys.jobName]: first.name }),
      },
      parent,
    });
    const ended = (error?: unknown, answer?: unknown): void => {
      const how = typeOf(error);
      metrics?.record('messaging.client.operation.duration', seconds(begun, clock), { ...sending, ...how });
      for (const [queue, count] of countsByQueue(jobs)) {
        metrics?.count('messaging.client.sent.messages', count, { ...operation('add', 'send', queue), ...how });
      }
      // what `add` answers are ids; a write of children answers something else
      const id: unknown = jobs.length === 1 && Array.isArray(answer) ? answer[0] : undefined;
      span?.end(typeof id === 'string' ? { [keys.messageId]: id } : {}, error);
    };
    const all = span?.metadata === undefined ? jobs : jobs.map((job) => withMetadata(job, span.metadata!));
    return watched(
      () => this.#detached(() => send(all)),
      (answer) => ended(undefined, answer),
      ended,
    );
  }

  #recovering(queue: string, maxStalledCount: number): ReturnType<Engine['recoverStalled']> {
    return watched(
      () => this.#detached(() => this.#real.recoverStalled(queue, maxStalledCount)),
      ({ recovered }) => {
        for (const { to } of recovered) {
          this.#to.metrics?.count('stepstream.takeovers', 1, { ...ofQueue(queue), [keys.jobState]: to });
        }
      },
      () => {},
    );
  }

  #detached<T>(call: () => T): T {
    const { tracing } = this.#to;
    return tracing ? tracing.detached(call) : call();
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

/** Hands on what a call answers, and tells of it first. */
function watched<T>(
  call: () => Awaitable<T>,
  done: (answer: T) => void,
  failed: (error: unknown) => void,
): Awaitable<T> {
  let answer: Awaitable<T>;
  try {
    answer = call();
  } catch (error) {
    failed(error);
    throw error;
  }
  if (isPromise(answer)) void answer.then(done, failed);
  else done(answer);
  return answer;
}

/** A job that brings a context of its own keeps it, as in BullMQ. */
function withMetadata(job: NewJob, metadata: string): NewJob {
  const { telemetry } = job.opts;
  if (telemetry?.metadata !== undefined || telemetry?.omitContext) return job;
  return { ...job, opts: { ...job.opts, telemetry: { metadata } } };
}

function countsByQueue(jobs: readonly NewJob[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { queue } of jobs) counts.set(queue, (counts.get(queue) ?? 0) + 1);
  return counts;
}
