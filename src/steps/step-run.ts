import { asapScheduler, takeWhile, type Subscription } from 'rxjs';
import type { Awaitable } from '../engine/awaitable.js';
import type { Cancel, Clock } from '../engine/clock.js';
import type { ChildRecord, Payload } from '../engine/records.js';
import { StepTimeoutError } from '../errors.js';
import type { Activation } from '../job/activation.js';
import { failureOf } from '../job/failure.js';
import { bytesOf, type Payloads } from '../job/payloads.js';
import type { Turn } from '../job/turn.js';
import { within } from './current-step.js';
import { Gates } from './gates.js';
import { Route } from './route.js';
import type { StepContext } from './step-context.js';
import { streamOf } from './stream.js';
import type { Writer } from './writer.js';

const largestWatchedEmission = 8 * 1024;

/** What a step run needs of its job, and whom it tells how it ended: one of the last six, once. */
export interface StepHost {
  readonly activation: Activation;
  readonly payloads: Payloads;
  readonly writer: Writer;
  readonly parkAfter: number;
  readonly visit: number;
  /** The due time that the job was parked for, when it was a time that woke it; else -Infinity. */
  readonly wokenFor: number;
  noteWakeDue(due: number): void;
  readonly idempotencyKey: string;
  noteKinds(kinds: readonly string[]): void;
  addedGroups(): readonly string[];
  noteAdded(group: string): void;
  noteFailuresSeen(children: readonly ChildRecord[]): void;
  readonly failuresSeen: number;
  /** The name of the step that a name or a step method stands for. */
  stepNamed(target: unknown): string | undefined;
  /** Whether the gates that have records are the first ones of the code. */
  knows(kinds: readonly string[]): boolean;

  /** @param route the step that follows, if not the next in order */
  finished(output: Payload | undefined, route: string | undefined): void;
  failed(error: unknown): void;
  parked(type: 'delayed' | 'waiting-children'): void;
  mismatched(kinds: readonly string[]): void;
  lost(error: unknown): void;
  drained(): void;
}

/**
 * One entry into a step on one worker, from the call of its method until its stream ends, the job parks, or the
 * activation is stopped. Nothing is decided in the middle of a subscription: emissions, gates and acknowledgements ask
 * for a turn, and once per microtask checkpoint the run parks the job if it can, else saves what is unsaved.
 */
export class StepRun implements StepContext {
  readonly name: string;
  readonly gates: Gates;
  readonly route: Route;
  over = false;
  subscription: Subscription | undefined;
  readonly #host: StepHost;
  readonly #controller = new LazyAbortController();
  #timeout: Cancel | undefined;
  #subscribing = false;
  #scheduled = false;
  #parking = false;
  #finished = false;
  #last: Payload | undefined;
  /** Emissions that the next write stands for. */
  #emissions = 0;

  constructor(host: StepHost, name: string) {
    this.#host = host;
    this.name = name;
    this.gates = new Gates(this);
    this.route = new Route(name, (target) => host.stepNamed(target));
    this.#last = host.writer.get('e');
  }

  /** @param timeout longest active time, in milliseconds */
  start(method: () => unknown, timeout: number | undefined): void {
    if (timeout !== undefined) {
      const message = `step ${this.name} was active for more than ${timeout} ms`;
      this.#timeout = this.clock.after(timeout, () => this.fail(new StepTimeoutError(message)));
    }
    this.#subscribing = true;
    try {
      const stream = streamOf(within(this, method), this.name);
      if (!this.#host.knows(this.gates.kinds)) this.#end(() => this.#host.mismatched(this.gates.kinds));
      else {
        // a synchronous source looks at nothing but its subscriber: it must be told when the run has ended
        this.subscription = stream.pipe(takeWhile(() => !this.over)).subscribe({
          next: (value) => this.#emit(value),
          error: (error) => this.fail(error),
          complete: () => this.#finish(),
        });
      }
    } catch (error) {
      this.fail(error);
    }
    this.#subscribing = false;
    if (this.over) this.#tearDown();
    else if (this.writer.dirty || this.gates.open.canPark()) this.schedule();
  }

  /** The activation must not go on: unsubscribes, and tells nobody. */
  stop(): void {
    this.#end(() => {});
  }

  fail(error: unknown): void {
    this.#end(() => this.#host.failed(error));
  }

  // --- what the stream emits ---

  #emit(value: unknown): void {
    if (this.over) return;
    try {
      this.#last = this.payloads.encode(value, () => `an emission of step ${this.name}`);
      this.writer.set('e', this.#last, `the emission of step ${this.name}`);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#emissions++;
    this.writer.setProgress(this.#progress());
    this.schedule();
  }

  /** What watchers get of an emission; a large one is told by its size. */
  #progress(): Payload {
    const { visit } = this.#host;
    const bytes = this.#last === undefined ? 0 : bytesOf(this.#last);
    const emission = this.#last !== undefined && bytes <= largestWatchedEmission;
    const head = `{"step":${JSON.stringify(this.name)},"visit":${visit}`;
    const body = emission ? `,"emission":${this.payloads.toJson(this.#last!)}` : '';
    return `${head}${body},"bytes":${bytes},"count":${this.#emissions},"at":${Math.floor(this.clock.now())}}`;
  }

  // --- turns ---

  schedule(): void {
    if (this.#scheduled || this.#subscribing || this.over) return;
    this.#scheduled = true;
    asapScheduler.schedule(() => {
      this.#scheduled = false;
      this.#turn();
    });
  }

  #turn(): void {
    if (this.over || this.writer.busy) return; // the acknowledgement asks for another turn
    if (this.gates.open.canPark()) this.#park();
    else {
      this.gates.arm();
      if (this.writer.dirty) this.#save();
    }
  }

  #save(): void {
    this.#emissions = 0;
    this.writer.save(() => this.#acknowledged());
  }

  #acknowledged(): void {
    if (this.over) return;
    if (this.#host.activation.draining) this.#end(() => this.#host.drained());
    else this.schedule();
  }

  parkAnyhow(gate: string): void {
    if (this.over || this.#parking) return;
    const names = this.gates.open.holding().map((holding) => holding.name);
    this.#host.activation.warn(
      `${gate} has waited ${this.#host.parkAfter} ms for ${names.join(', ')}: the job is parked, and that work will be ` +
        'done again. End such a branch with checkpoint(), or await it before the gate.',
    );
    this.#park();
  }

  #park(): void {
    const { activation } = this.#host;
    const waiting = this.gates.waiting(this.#host.failuresSeen);
    const { groups, all, due } = waiting;
    this.#parking = true;
    this.#emissions = 0;
    if (!groups && !all) {
      this.#host.noteWakeDue(due!);
      this.writer.send((write) => activation.moveToDelayed(write, due!), {
        answered: () => this.#parked('delayed'),
      });
      return;
    }
    this.writer.send((write) => activation.moveToWaitingChildren(write, waiting), {
      answered: (parked) => {
        if (parked) this.#parked('waiting-children');
        else this.#parking = false;
      },
      acknowledged: () => {
        this.gates.reconsider();
        this.#acknowledged();
      },
    });
  }

  /** Also when the run has been stopped meanwhile: the store has parked the job. */
  #parked(type: 'delayed' | 'waiting-children'): void {
    this.stop();
    this.#host.parked(type);
  }

  #finish(): void {
    this.#finished = true;
    this.#end(() => this.#host.finished(this.#last, this.route.noted));
  }

  #end(tell: () => void): void {
    if (this.over) return;
    this.over = true;
    this.#timeout?.();
    if (!this.#subscribing) this.#tearDown();
    tell();
  }

  /** A teardown that throws has no stream left to throw into. */
  #tearDown(): void {
    this.gates.disarm();
    try {
      this.subscription?.unsubscribe();
    } catch (error) {
      this.#host.activation.warn(`the teardown of step ${this.name} threw: ${failureOf(error).reason}`);
    }
    if (!this.#finished) this.#controller.abort();
  }

  // --- what gates ask for ---

  mayAnswer(): boolean {
    if (this.over || this.#parking) return false;
    if (this.#host.activation.trusted()) return true;
    this.lost(undefined);
    return false;
  }

  reached(due: number): boolean {
    return due <= this.clock.now() || due <= this.#host.wokenFor;
  }

  lost(error: unknown): void {
    this.#host.lost(error);
  }

  noteKinds(): void {
    this.#host.noteKinds(this.gates.kinds);
  }

  addedGroups(): readonly string[] {
    return this.#host.addedGroups();
  }

  noteAdded(group: string): void {
    this.#host.noteAdded(group);
  }

  noteFailuresSeen(children: readonly ChildRecord[]): void {
    this.#host.noteFailuresSeen(children);
  }

  childrenOf(group: string | undefined): Awaitable<readonly ChildRecord[]> {
    return this.#host.activation.children(group);
  }

  get idempotencyKey(): string {
    return this.#host.idempotencyKey;
  }

  get jobKey(): { readonly queue: string; readonly id: string } {
    const { queue, id } = this.#host.activation.job;
    return { queue, id };
  }

  get writer(): Writer {
    return this.#host.writer;
  }

  get payloads(): Payloads {
    return this.#host.payloads;
  }

  get clock(): Clock {
    return this.#host.activation.clock;
  }

  get turn(): Turn {
    return this.#host.activation.turn;
  }

  get parkAfter(): number {
    return this.#host.parkAfter;
  }

  get signal(): AbortSignal {
    return this.#controller.signal;
  }
}

/** Most steps never look at their signal. */
class LazyAbortController {
  #controller: AbortController | undefined;
  #aborted = false;

  get signal(): AbortSignal {
    this.#controller ??= new AbortController();
    if (this.#aborted) this.#controller.abort();
    return this.#controller.signal;
  }

  abort(): void {
    this.#aborted = true;
    this.#controller?.abort();
  }
}
