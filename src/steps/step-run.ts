import { asapScheduler, isObservable, takeWhile, type Subscription } from 'rxjs';
import type { Cancel, Clock } from '../engine/clock.js';
import type { Payload } from '../engine/records.js';
import { StepTimeoutError } from '../errors.js';
import { failureOf } from '../job/failure.js';
import { bytesOf } from '../job/payloads.js';
import type { Turn } from '../job/turn.js';
import type { ObservedStep } from '../telemetry/observed.js';
import { within } from './current-step.js';
import { Gates } from './gates.js';
import { IdleWatch } from './idle-watch.js';
import type { Progress } from './progress.js';
import { Route } from './route.js';
import type { StepContext } from './step-context.js';
import { observableInside, streamOf } from './stream.js';

const largestWatchedEmission = 8 * 1024;

/** As telemetry names it. */
type StepOutcome = 'finished' | 'failed' | 'parked' | 'stopped';

/** How a step run ends: one of these is called, once. */
export interface StepEnds {
  /** @param route the step that follows, if not the next in order */
  finished(output: Payload | undefined, route: string | undefined): void;
  failed(error: unknown): void;
  parked(type: 'delayed' | 'waiting-children'): void;
  /** @param kinds the gates of the code, which aren't those of the checkpoint */
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
  readonly idle: IdleWatch;
  over = false;
  subscription: Subscription | undefined;
  readonly progress: Progress;
  /** Milliseconds after which a waiting gate parks the job whatever its siblings do. */
  readonly parkAfter: number;
  readonly #ends: StepEnds;
  readonly #controller = new LazyAbortController();
  #observed: ObservedStep | undefined;
  #timeout: Cancel | undefined;
  #subscribing = false;
  #scheduled = false;
  #parking = false;
  #finished = false;
  #unlessParked: (() => void) | undefined;
  #last: Payload | undefined;
  /** Emissions that the next write stands for. */
  #emissions = 0;

  /** @param stepNamed the name of the step that a name or a step method stands for */
  constructor(
    progress: Progress,
    ends: StepEnds,
    name: string,
    parkAfter: number,
    stepNamed: (target: unknown) => string | undefined,
  ) {
    this.progress = progress;
    this.#ends = ends;
    this.name = name;
    this.parkAfter = parkAfter;
    this.gates = new Gates(this);
    this.idle = new IdleWatch(this);
    this.route = new Route(name, stepNamed);
    this.#last = progress.writer.get('e');
  }

  /** @param timeout longest active time, in milliseconds */
  start(method: () => unknown, timeout: number | undefined): void {
    if (timeout !== undefined) {
      const message = `step ${this.name} was active for more than ${timeout} ms`;
      this.#timeout = this.clock.after(timeout, () => this.fail(new StepTimeoutError(message)));
    }
    const { activation, cursor, wokenFor } = this.progress;
    this.#observed = activation.observed?.step(this.name, cursor.visit, wokenFor);
    this.within(() => this.#subscribe(method));
  }

  #subscribe(method: () => unknown): void {
    this.#subscribing = true;
    try {
      const returned = within(this, method);
      const stream = streamOf(returned, this.name);
      if (!this.progress.knows(this.gates.kinds)) {
        Promise.resolve(returned).catch(() => {}); // the method has run: a promise of it that is rejected is nobody's
        this.#end(() => this.#ends.mismatched(this.gates.kinds), 'stopped');
      } else {
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
    else if (this.progress.writer.dirty || this.gates.open.wait) this.schedule(); // to park, or to arm what waits beside work
  }

  /** The activation must not go on: unsubscribes, and tells nobody. */
  stop(outcome: 'stopped' | 'parked' = 'stopped'): void {
    this.#end(() => {}, outcome);
  }

  fail(error: unknown): void {
    this.#endUnlessParked(() => this.#ends.failed(error), 'failed', error);
  }

  /** Whether a write is under way that parks the job. */
  get parking(): boolean {
    return this.#parking;
  }

  // --- what the stream emits ---

  #emit(value: unknown): void {
    if (this.over) return;
    try {
      if (isObservable(value)) throw observableInside(this.name);
      this.#last = this.progress.payloads.encode(value, () => `an emission of step ${this.name}`);
      this.progress.writer.set('e', this.#last, `the emission of step ${this.name}`);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#emissions++;
    this.progress.writer.setProgress(this.#progress());
    this.schedule();
  }

  /** What watchers get of an emission; a large one is told by its size. */
  #progress(): Payload {
    const { visit } = this.progress.cursor;
    const bytes = this.#last === undefined ? 0 : bytesOf(this.#last);
    const emission = this.#last !== undefined && bytes <= largestWatchedEmission;
    const head = `{"step":${JSON.stringify(this.name)},"visit":${visit}`;
    const body = emission ? `,"emission":${this.progress.payloads.toJson(this.#last!)}` : '';
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
    if (this.over || this.progress.writer.busy) return; // the acknowledgement asks for another turn
    if (this.gates.open.canPark()) this.#park();
    else {
      this.gates.arm();
      if (this.progress.writer.dirty) this.#save();
    }
  }

  #save(): void {
    this.#emissions = 0;
    const { activation, writer } = this.progress;
    writer.send((write) => activation.checkpoint(write), {
      answered: () => this.#drain(), // before a gate answers: what it would begin would be cut off, and begun again elsewhere
      acknowledged: () => this.schedule(),
    });
  }

  /** When the worker closes, a durable write is the last. */
  #drain(): void {
    if (this.progress.activation.draining && !this.over) this.#end(() => this.#ends.drained(), 'stopped');
  }

  parkAnyhow(gate: string): void {
    if (this.over || this.#parking) return;
    const names = this.gates.open.holding().map((holding) => holding.name);
    this.progress.activation.warn(
      `${gate} has waited ${this.parkAfter} ms for ${names.join(', ')}: the job is parked, and that work will be ` +
        'done again. End such a branch with checkpoint(), or await it before the gate.',
      { step: this.name },
    );
    this.#park();
  }

  #park(): void {
    const { activation } = this.progress;
    const waiting = this.gates.waiting(this.progress.cursor.failuresSeen);
    const { groups, all, due } = waiting;
    this.#parking = true;
    this.#emissions = 0;
    if (!groups && !all) {
      this.progress.sleepUntil(due!);
      this.progress.writer.send((write) => activation.moveToDelayed(write, due!), {
        answered: () => this.#parked('delayed'),
      });
      return;
    }
    this.progress.writer.send((write) => activation.moveToWaitingChildren(write, waiting), {
      answered: (parked) => {
        this.#parking = false;
        if (parked) this.#parked('waiting-children');
        else {
          this.#unlessParked?.();
          this.#drain();
        }
      },
      acknowledged: () => {
        this.gates.reconsider();
        this.schedule();
      },
    });
  }

  /** Also when the run has been stopped meanwhile: the store has parked the job. */
  #parked(type: 'delayed' | 'waiting-children'): void {
    this.stop('parked');
    this.#ends.parked(type);
  }

  #finish(): void {
    this.#finished = true;
    this.#endUnlessParked(() => this.#ends.finished(this.#last, this.route.noted), 'finished');
  }

  /** An end that comes while the job is being parked counts only if it isn't parked after all. */
  #endUnlessParked(tell: () => void, outcome: StepOutcome, error?: unknown): void {
    if (this.#parking) this.#unlessParked ??= () => this.#end(tell, outcome, error);
    else this.#end(tell, outcome, error);
  }

  #end(tell: () => void, outcome: StepOutcome, error?: unknown): void {
    if (this.over) return;
    this.over = true;
    this.#observed?.end(outcome, error);
    this.#timeout?.();
    if (!this.#subscribing) this.#tearDown();
    tell();
  }

  /** A teardown that throws has no stream left to throw into. */
  #tearDown(): void {
    this.gates.disarm();
    try {
      this.within(() => this.subscription?.unsubscribe());
    } catch (error) {
      const { reason } = failureOf(error);
      this.progress.activation.warn(`the teardown of step ${this.name} threw: ${reason}`, { step: this.name });
    }
    if (!this.#finished) this.#controller.abort();
  }

  // --- what gates ask for ---

  mayAnswer(): boolean {
    if (this.over || this.#parking) return false;
    if (this.progress.activation.trusted()) return true;
    this.lost(undefined);
    return false;
  }

  lost(error: unknown): void {
    this.#ends.lost(error);
  }

  within(action: () => void): void {
    if (this.#observed) this.#observed.run(action);
    else action();
  }

  noteKinds(): void {
    this.progress.noteKinds(this.gates.kinds);
  }

  get clock(): Clock {
    return this.progress.activation.clock;
  }

  get turn(): Turn {
    return this.progress.activation.turn;
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
