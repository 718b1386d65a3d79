import { Observable, ReplaySubject, Subject, takeWhile, type Subscriber, type Subscription } from 'rxjs';
import { CheckpointLimitError, GateLoopError } from '../errors.js';
import type { Cancel } from '../engine/clock.js';
import { whenReady } from '../engine/awaitable.js';
import type { ChildRecord, NewJob } from '../engine/records.js';
import { isA } from '../job/failure.js';
import { childJobs, otherChildren, ownChildren, resultsOf } from './children.js';
import { collect, type Collected } from './collect.js';
import { dueOf } from '../job/duration.js';
import { formatRecord, parseRecord, type GateRecord } from './gate-record.js';
import type { GateSpec } from './gate-spec.js';
import { hashOf } from '../job/hash.js';
import { runItems, type ItemSpec } from './items.js';
import type { OpenGate, OpenGates } from './open-gates.js';
import type { StepContext } from './step-context.js';

const mostChildren = 10_000;
const childrenPerWrite = 100;

/** What the gates of a step have in common. */
interface Siblings {
  readonly open: OpenGates;
  /** @throws GateLoopError */
  countAnswer(gate: string): void;
}

/** One opening of a gate, shared by all who subscribe until it passes. */
interface Flight extends OpenGate {
  readonly out: Subject<unknown>;
  readonly subscribers: Set<Subscriber<unknown>>;
  source: Subscription | undefined;
  due: number | undefined;
  /** Parks the job by force. */
  parkTimer: Cancel | undefined;
  /** Passes in place when due. */
  dueTimer: Cancel | undefined;
}

/**
 * A durable operator at its place in a step method. Subscribed from below, it first asks the checkpoint; only when that
 * has no answer does it subscribe to its source, collect, save, and wait.
 */
export class Gate<V> {
  readonly name: string;
  readonly #step: StepContext;
  readonly #siblings: Siblings;
  readonly #source: Observable<V>;
  readonly #spec: GateSpec<V>;
  readonly #place: number;
  readonly #id: string;
  #record: GateRecord | undefined;
  #acknowledged: boolean;
  /** Whether the record is of an earlier activation: then what stands above hasn't run in this one. */
  readonly #isResumed: boolean;
  #flight: Flight | undefined;
  #group: string | undefined;
  readonly #unsavedItems = new Set<number>();

  /** @param id what it is known by in the checkpoint: its place among the gates without a key, or its key */
  constructor(
    step: StepContext,
    siblings: Siblings,
    source: Observable<V>,
    spec: GateSpec<V>,
    place: number,
    id: string,
  ) {
    this.#step = step;
    this.#siblings = siblings;
    this.#source = source;
    this.#spec = spec;
    this.#place = place;
    this.#id = id;
    this.name = `${spec.kind}() ${spec.key === undefined ? `at place ${id}` : `"${spec.key}"`} of step ${step.name}`;
    const saved = step.progress.writer.get(this.#field);
    this.#record = saved === undefined ? undefined : parseRecord(saved);
    this.#acknowledged = saved !== undefined;
    this.#isResumed = saved !== undefined;
  }

  /** The operator's output. */
  readonly passed = new Observable<unknown>((subscriber) => {
    if (this.#step.over) return undefined;
    const isFirst = this.#flight === undefined;
    const flight = (this.#flight ??= this.#open());
    flight.subscribers.add(subscriber);
    const subscription = flight.out.subscribe(subscriber);
    subscription.add(() => {
      flight.subscribers.delete(subscriber);
      if (flight.subscribers.size === 0) this.#close(flight);
    });
    if (isFirst) this.#start(flight);
    return subscription;
  });

  /** Looks again whether it can pass: its time has come, or its children may be settled. */
  reconsider(): void {
    const flight = this.#flight;
    const record = this.#record;
    if (!flight || !record || !this.#acknowledged || !this.#step.mayAnswer()) return;
    if (record.due !== undefined && record.due > this.#step.clock.now()) {
      if (!this.#isResumed || record.due > this.#step.progress.wokenFor) {
        this.#wait(flight, record.due);
        return;
      }
      // let through before its time: it is to pass after the next interruption, too
      this.#record = { ...record, due: this.#step.clock.now() };
      this.#step.progress.writer.set(this.#field, formatRecord(this.#record), this.name);
      this.#step.schedule();
    }
    if (this.#spec.awaits === 'others' || (this.#spec.awaits && record.children)) this.#askChildren(flight, record);
    else if (this.#spec.awaits) this.#pass(flight, [[]]);
    else this.#passValues(flight, record);
  }

  get #field(): string {
    return `g:${this.#id}`;
  }

  /** Its children's group, unique to the job, the run, the visit and the gate. */
  get group(): string {
    return (this.#group ??= hashOf(this.#step.progress.idempotencyKey, 'gate', this.#field));
  }

  get waits(): boolean {
    return this.#flight?.waits === true;
  }

  /** Which children it waits for, if any. */
  get awaits(): 'own' | 'others' | undefined {
    return this.#spec.awaits;
  }

  /** Whether it waits until all of them have ended, however. */
  get settles(): boolean {
    return this.#spec.onFailure === 'ignore';
  }

  get due(): number | undefined {
    return this.#flight?.due;
  }

  // --- the life of one opening ---

  #open(): Flight {
    const flight: Flight = {
      ...this.#siblings.open.next(),
      name: this.name,
      place: this.#place,
      waits: false,
      // who joins a gate that already emits results of items gets them all
      out: this.#spec.items ? new ReplaySubject() : new Subject(),
      subscribers: new Set(),
      source: undefined,
      due: undefined,
      parkTimer: undefined,
      dueTimer: undefined,
    };
    this.#siblings.open.add(flight);
    return flight;
  }

  #start(flight: Flight): void {
    if (this.#record && this.#record.added === undefined) this.reconsider();
    else this.#siblings.open.subscribing(flight, () => this.#collect(flight));
  }

  #collect(flight: Flight): void {
    const { payloads } = this.#step.progress;
    // a synchronous source looks at nothing but its subscriber: it must be told when the gate has been left
    const whileOpen = takeWhile<V>(() => this.#flight === flight);
    flight.source = this.#source.pipe(whileOpen, collect(payloads, this.name)).subscribe({
      next: (collected) => {
        if (this.#flight === flight) this.#guard(flight, () => this.#save(flight, collected));
      },
      error: (error) => this.#fail(flight, error),
    });
    if (this.#flight !== flight) flight.source.unsubscribe();
  }

  #save(flight: Flight, collected: readonly Collected<V>[]): void {
    const values = collected.map(({ value }) => value);
    const { children: childrenOf, due: dueOfValues, awaits, onFailure } = this.#spec;
    const now = this.#step.clock.now();
    const due = dueOfValues && values.length > 0 ? dueOf(dueOfValues(values), now) : undefined;
    const children = childrenOf && this.#childrenOf(values, childrenOf);
    const record: GateRecord = {
      ...(!awaits && { values: collected.map(({ payload }) => payload) }),
      ...(due !== undefined && { due }),
      ...(this.#step.route.noted !== undefined && { route: this.#step.route.noted }),
      ...(awaits === 'others' && { others: this.#step.progress.takeAddedGroups() }),
      ...(children && { children: Math.max(children.length, this.#record?.added ?? 0) }),
    };
    if (children?.length && onFailure === 'fail') this.#step.progress.noteAdded(this.group, this.#place);
    this.#addAndNote(flight, record, children ?? [], this.#record?.added ?? 0);
  }

  #childrenOf(values: V[], childrenOf: NonNullable<GateSpec<V>['children']>): readonly NewJob[] {
    const specs = values.flatMap((value, index) => childrenOf(value, index));
    if (specs.length > mostChildren) {
      throw new CheckpointLimitError(`${this.name} has ${specs.length} children, the limit is ${mostChildren}`);
    }
    return childJobs(specs, {
      parent: this.#step.progress.activation.job,
      group: this.group,
      onFailure: this.#spec.onFailure,
      gate: this.name,
      payloads: this.#step.progress.payloads,
      now: Math.floor(this.#step.clock.now()),
    });
  }

  /** Adds the children that aren't yet, all but the last hundred in writes of their own, then notes the record. */
  #addAndNote(flight: Flight, record: GateRecord, children: readonly NewJob[], added: number): void {
    const { writer } = this.#step.progress;
    const next = children.slice(added, added + childrenPerWrite);
    const isLast = added + next.length >= children.length;
    const noted = isLast ? record : { ...record, added: added + next.length };
    writer.set(this.#field, formatRecord(noted), this.name); // first: it may be over the limit
    writer.addChildren(next);
    this.#record = noted;
    this.#acknowledged = false;
    this.#step.noteKinds();
    writer.whenSaved(() => {
      this.#acknowledged = true;
      if (isLast) this.reconsider();
      else if (this.#flight === flight) {
        this.#guard(flight, () => this.#addAndNote(flight, record, children, added + next.length));
      }
    });
    if (isLast && this.#mustWait(record)) {
      flight.waits = true;
      flight.due = record.due;
    }
    this.#step.schedule();
  }

  /** Whether it waits for something, so that the job may park with the write of the record (G3). */
  #mustWait({ due, children }: GateRecord): boolean {
    if (this.#spec.awaits === 'others') return true; // the store knows whether there are any
    if (this.#spec.awaits === 'own') return children !== undefined && children > 0;
    return due !== undefined && due > this.#step.clock.now();
  }

  #wait(flight: Flight, due: number | undefined): void {
    flight.waits = true;
    flight.due = due;
    this.#step.schedule();
  }

  /** Called when the job doesn't park at once: the gate passes in place when due, or parks the job by force. */
  arm(): void {
    const flight = this.#flight;
    if (!flight?.waits) return;
    const { clock, parkAfter } = this.#step;
    flight.parkTimer ??= clock.after(parkAfter, () => this.#step.parkAnyhow(this.name));
    if (flight.due === undefined) return;
    flight.dueTimer ??= clock.after(Math.max(flight.due - clock.now(), 0), () => {
      flight.dueTimer = undefined;
      this.reconsider();
    });
  }

  disarm(): void {
    this.#flight?.parkTimer?.();
    this.#flight?.dueTimer?.();
  }

  #askChildren(flight: Flight, record: GateRecord): void {
    const own = this.#spec.awaits === 'own';
    flight.waits = false; // until it is known whether it must: the job is not to park meanwhile
    whenReady(
      () => this.#step.progress.children(own ? this.group : undefined),
      (children) => {
        if (this.#flight !== flight || !this.#step.mayAnswer()) return; // asked again when the job doesn't park
        this.#guard(flight, () => this.#settle(flight, children, record));
      },
      (error) => this.#step.lost(error),
    );
  }

  /** @throws ChildFailedError */
  #settle(flight: Flight, children: readonly ChildRecord[], { children: count = 0, others = [] }: GateRecord): void {
    this.#siblings.countAnswer(this.name);
    const own = this.#spec.awaits === 'own';
    const awaited = own ? ownChildren(children, this.group, count) : otherChildren(children, others);
    if (!own) this.#step.progress.noteFailuresSeen(children);
    const results = resultsOf(awaited, this.settles, this.#step.progress.payloads);
    if (results === undefined) this.#wait(flight, undefined);
    else this.#pass(flight, [results]);
  }

  #passValues(flight: Flight, { values = [] }: GateRecord): void {
    this.#guard(flight, () => {
      this.#siblings.countAnswer(this.name);
      const decoded = values.map((value) => this.#step.progress.payloads.decode(value));
      const { items } = this.#spec;
      if (items) this.#step.within(() => this.#work(flight, decoded as V[], items));
      else this.#pass(flight, decoded);
    });
  }

  #work(flight: Flight, values: readonly V[], items: ItemSpec<V>): void {
    this.#restoreRoute();
    if (flight.source && !flight.source.closed) return; // it is at work already
    const gate = { name: this.name, id: this.#id, isOpen: () => this.#flight === flight, unsaved: this.#unsavedItems };
    flight.source = runItems(this.#step, gate, values, items).subscribe({
      next: (result) => flight.out.next(result),
      error: (error) => this.#fail(flight, error),
      complete: () => {
        this.#close(flight);
        flight.out.complete();
      },
    });
  }

  #pass(flight: Flight, values: readonly unknown[]): void {
    this.#restoreRoute();
    this.#close(flight);
    this.#step.within(() => {
      for (const value of values) flight.out.next(value);
      flight.out.complete();
    });
  }

  #restoreRoute(): void {
    if (this.#isResumed) this.#step.route.noted = this.#record?.route;
  }

  /** What goes wrong in the gate itself leaves it as the error of its stream; a loop ends the step, as `retry` would spin on. */
  #guard(flight: Flight, action: () => void): void {
    try {
      action();
    } catch (error) {
      if (isA(error, GateLoopError)) this.#step.fail(error);
      else this.#fail(flight, error);
    }
  }

  #fail(flight: Flight, error: unknown): void {
    this.#close(flight);
    this.#step.within(() => flight.out.error(error));
  }

  #close(flight: Flight): void {
    flight.source?.unsubscribe();
    flight.parkTimer?.();
    flight.dueTimer?.();
    this.#siblings.open.delete(flight);
    if (this.#flight !== flight) return;
    this.#flight = undefined;
    this.#step.schedule();
  }
}
