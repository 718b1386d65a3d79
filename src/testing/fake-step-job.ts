import { asyncScheduler, from, isObservable, Observable, tap, type ObservableInput, type Subscriber } from 'rxjs';
import { Processor, Step, stepsOf, type Class, type JobOptions, type StepJob } from '../index.js';
import { answeredChildren, type FakeChild } from './fake-children.js';
import { held, never } from './in-place.js';
import { parseTime } from './time-text.js';
import { cursorAt, encode } from './stored-text.js';
import { World } from './world.js';
import type { WorldClock } from './world-clock.js';

/** A gate that has its record: the values that it passes on, at once or when it is due. */
export type FakeGate = readonly unknown[] | { readonly values: readonly unknown[]; readonly due: number | string };

/** What a fake job has behind it. */
export interface FakeStepJobOptions<Saved = unknown> {
  /** This step's last emission before an interruption. */
  readonly saved?: Saved;
  /** Gates that were saved, by place or by key: their sources are not subscribed. Times are from the subscription on. */
  readonly gates?: readonly FakeGate[] | Readonly<Record<string, FakeGate>>;
  /** Outputs of steps that have finished. */
  readonly outputs?: Readonly<Record<string, unknown>>;
  /** The result of each child that is awaited; what it throws fails the child. */
  readonly children?: (child: FakeChild) => unknown;
  /** The processor whose step it is, for `goto(this.other)`. */
  readonly processor?: object;
  /** Steps that `goto('name')` may name. */
  readonly steps?: readonly string[];
  /** Default `step`. */
  readonly step?: string;
  readonly visit?: number;
  readonly id?: string;
  readonly name?: string;
  /** Default `fake`. */
  readonly queueName?: string;
  readonly opts?: JobOptions;
}

/**
 * One step by hand: an Observable that calls the step when it is subscribed, with a job that is real but for what you say it has
 * behind it, and emits what the step emits. Gates pass in place: a `checkpoint` at once, a `delay` after its time. For plain marble
 * tests, in `TestScheduler.run`; elsewhere time is real.
 *
 * @param data the job's data
 * @param step calls the step method; durable operators in it belong to this job
 * @throws as the Observable's error: whatever the step fails with
 * @example
 * ```ts
 * scheduler.run(({ cold, expectObservable }) => {
 *   const processor = new Reviews({ send: () => cold('2s (a|)') });
 *   const review$ = fakeStepJob({ id: 7 }, {}, (job) => processor.review(job, 'receipt'));
 *   expectObservable(review$).toBe('259200s 2s (a|)');
 * });
 * ```
 */
export function fakeStepJob<Data, Emission, Saved = unknown>(
  data: Data,
  options: FakeStepJobOptions<Saved>,
  step: (job: StepJob<Data, Saved>) => ObservableInput<Emission>,
): Observable<Emission> {
  return new Observable((subscriber) => {
    const { queueName = 'fake', id = '1', name = 'job', opts = {}, step: stepName = 'step' } = options;
    const world = new World({ processors: [], clock: realOrVirtual });
    const processor = fakeProcessor(queueName, stepName, options);
    const instance = new (processor as new () => Record<string, unknown>)();
    instance[stepName] = (job: StepJob<Data, Saved>) => relayed(step, job, subscriber);
    const now = realOrVirtual.now();
    world.load({
      queue: queueName,
      id,
      name,
      data: encode(data),
      opts,
      timestamp: Math.floor(now),
      state: 'waiting',
      attemptsMade: 0,
      at: now,
      checkpoint: { seq: 1, cursor: cursorAt(stepName, options.visit ?? 1, []), fields: fieldsOf(options, now) },
    });
    const machine = world.startMachine('fake', {
      processors: [processor],
      resolver: { get: () => instance },
      through: answeredChildren(options.children),
      listen: (app) => void app.worker(processor).on('failed', (_, error) => subscriber.error(error)),
    });
    return () => machine.lose();
  });
}

/** RxJS' time: virtual within `TestScheduler.run`. */
const realOrVirtual: WorldClock = {
  now: () => asyncScheduler.now(),
  after(ms, action) {
    if (ms > never / 10) return () => {}; // the runner's own: real timers of that length would fire at once
    const scheduled = asyncScheduler.schedule(action, ms);
    return () => scheduled.unsubscribe();
  },
  progressed() {},
  leased() {},
};

function fakeProcessor(queue: string, step: string, { processor, steps = [] }: FakeStepJobOptions): Class {
  // oxlint-disable-next-line typescript/no-extraneous-class -- its members are defined below
  class Fake {}
  const methods = processor ? stepsOf(processor.constructor).map(({ name }) => name) : [];
  for (const name of new Set([step, ...steps, ...methods])) {
    const value: unknown = (processor as Record<string, unknown> | undefined)?.[name] ?? (() => from([]));
    const descriptor = { value, configurable: true, writable: true } as TypedPropertyDescriptor<
      () => ObservableInput<unknown>
    >;
    Object.defineProperty(Fake.prototype, name, descriptor);
    Step()(Fake.prototype, name, descriptor);
  }
  Processor(queue, { parkAfter: never, lockDuration: never, stalledInterval: never })(Fake);
  return Fake;
}

/** What the step returns, held in place, and told to whoever has subscribed. */
function relayed<Data, Emission, Saved>(
  step: (job: StepJob<Data, Saved>) => ObservableInput<Emission>,
  job: StepJob<Data, Saved>,
  subscriber: Subscriber<Emission>,
): unknown {
  const returned = step(job);
  // what is no stream is for the runner to refuse
  if (!isObservable(returned) && (typeof returned !== 'object' || returned === null || Array.isArray(returned)))
    return returned;
  return held(() =>
    from(returned).pipe(
      tap({
        next: (value) => subscriber.next(value),
        error: (error) => subscriber.error(error),
        complete: () => subscriber.complete(),
      }),
    ),
  );
}

/** What is saved of the job, as a store has it. */
function fieldsOf({ saved, gates = [], outputs = {} }: FakeStepJobOptions, now: number): Record<string, string> {
  const fields: Record<string, string> = {};
  const set = (field: string, value: unknown): void => {
    const text = encode(value);
    if (text !== undefined) fields[field] = text;
  };
  set('e', saved);
  for (const [step, output] of Object.entries(outputs)) set(`o:${step}`, output);
  for (const [gate, record] of Object.entries(gates as Readonly<Record<string, FakeGate>>)) {
    const { values, due } = isValues(record) ? { values: record, due: undefined } : record;
    const time = typeof due === 'string' ? parseTime(due) : due;
    const field = /^\d+$/.test(gate) ? `g:${gate}` : `g:=${gate}`;
    fields[field] = JSON.stringify({
      v: values.map((value) => encode(value)),
      ...(time !== undefined && { due: now + time }),
    });
  }
  return fields;
}

function isValues(record: FakeGate): record is readonly unknown[] {
  return Array.isArray(record);
}
