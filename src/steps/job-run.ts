import { whenReady } from '../engine/awaitable.js';
import type { ChildRecord, Payload } from '../engine/records.js';
import {
  ChildFailedError,
  CheckpointMismatchError,
  UnknownJobNameError,
  UnknownStepError,
  UnrecoverableError,
} from '../errors.js';
import type { Activation, Outcome } from '../job/activation.js';
import { failureOf } from '../job/failure.js';
import type { Payloads } from '../job/payloads.js';
import { backoffOf } from './backoff.js';
import { childFailed } from './children.js';
import { cursorOf, formatCursor, type Cursor } from './cursor.js';
import { hashOf } from './idempotency.js';
import type { Plan, PlannedStep } from './plan.js';
import { toEnd } from './route.js';
import { StepJobView } from './step-job-view.js';
import { StepRun, type StepHost } from './step-run.js';
import { Writer } from './writer.js';

/** What all jobs of a queue have in common. */
export interface JobRunOptions {
  readonly prefix: string;
  readonly payloads: Payloads;
  /** Milliseconds. */
  readonly parkAfter: number;
  readonly unknownStepGrace: number;
  /** The processor that takes jobs of this name, with its instance. */
  readonly find: (jobName: string) => { readonly plan: Plan; readonly instance: object } | undefined;
}

/** Runs an activation: from its checkpoint, step after step, until the job settles or parks. */
export function runJob(activation: Activation, options: JobRunOptions): void {
  let run: JobRun;
  try {
    run = new JobRun(activation, options);
  } catch (error) {
    failUnread(activation, error);
    return;
  }
  run.begin();
}

/** The cursor can't be read: the job fails as it is, its checkpoint untouched. */
function failUnread(activation: Activation, error: unknown): void {
  const seq = (activation.job.checkpoint?.seq ?? 0) + 1;
  whenReady(
    () => activation.fail({ seq }, failureOf(error)),
    () => activation.end({ type: 'failed', error }),
    (lost) => activation.end({ type: 'lost', error: lost }),
  );
}

class JobRun implements StepHost {
  readonly activation: Activation;
  readonly writer: Writer;
  readonly wokenFor: number;
  readonly #options: JobRunOptions;
  readonly #handler: { readonly plan: Plan; readonly instance: object } | undefined;
  #cursor: Cursor;
  #step: StepRun | undefined;
  #entering = false;
  #mayEnter = false;
  #ended = false;

  constructor(activation: Activation, options: JobRunOptions) {
    const { job } = activation;
    this.activation = activation;
    this.#options = options;
    this.#handler = options.find(job.name);
    this.#cursor = cursorOf(job.checkpoint, this.#handler?.plan.first ?? notBegun, job.attemptsMade);
    this.wokenFor = this.#cursor.wakeDue ?? -Infinity;
    this.writer = new Writer(
      activation,
      job.checkpoint,
      () => formatCursor(this.#cursor),
      (error) => this.lost(error),
    );
  }

  begin(): void {
    this.activation.onStop((why) => this.#stop(why));
    const { wakeDue } = this.#cursor;
    // it counts until something else is written: a job that is only put back is to pass its gates later
    if (wakeDue !== undefined) this.#change({ wakeDue: undefined });
    if (this.activation.draining) this.drained();
    else if (!this.#handler) {
      const { queue, name } = this.activation.job;
      this.#putBack(new UnknownJobNameError(`no processor of queue ${queue} takes jobs named "${name}"`));
    } else if (this.#cursor.step === undefined) this.#complete();
    else this.#enter();
  }

  // --- steps ---

  /** Enters the step that the cursor names; a loop, so that the stack stays flat however many steps there are (W6). */
  #enter(): void {
    this.#mayEnter = true;
    if (this.#entering) return;
    this.#entering = true;
    while (this.#mayEnter) {
      this.#mayEnter = false;
      const step = this.#planned();
      if (step) this.#run(step);
      else {
        const { name } = this.#handler!.plan.processor;
        const message = `${name} has no step "${this.#cursor.step}": deploy it, or rename one with { was: […] }`;
        this.#putBack(new UnknownStepError(message));
      }
    }
    this.#entering = false;
  }

  #planned(): PlannedStep | undefined {
    const { first, steps } = this.#handler!.plan;
    return steps.get(this.#cursor.step === notBegun ? first : this.#cursor.step!);
  }

  #run(step: PlannedStep): void {
    const { instance } = this.#handler!;
    if (this.#cursor.step !== step.name) this.#change({ step: step.name });
    const run = new StepRun(this, step.name);
    this.#step = run;
    const job = new StepJobView(this, run, this.#cursor);
    let input: unknown;
    try {
      input = this.payloads.decode(this.#output(this.#cursor.from));
    } catch (error) {
      this.failed(error);
      return;
    }
    const method = (instance as Record<string, (job: unknown, input: unknown) => unknown>)[step.name]!;
    run.start(() => method.call(instance, job, input), step.timeout);
  }

  finished(output: Payload | undefined, route: string | undefined): void {
    const step = this.#planned()!;
    const next = route === toEnd ? undefined : (route ?? step.next);
    const what = `the output of step ${step.name}`;
    try {
      this.writer.set(`o:${step.name}`, output, what);
    } catch (error) {
      this.failed(error); // the checkpoint's limit
      return;
    }
    for (const field of this.writer.names('g:', 'i:')) this.writer.set(field, undefined, what);
    this.writer.set('e', undefined, what);
    this.#change({
      step: next,
      from: step.name,
      visit: this.#cursor.visit + (next === undefined ? 0 : 1),
      attemptBase: this.activation.job.attemptsMade,
      kinds: undefined,
      unknown: undefined,
    });
    if (next === undefined) this.#complete();
    else this.writer.save(() => this.#advance());
  }

  #advance(): void {
    if (this.#ended) return;
    if (this.activation.draining) this.drained();
    else if (this.activation.turn.spent()) this.activation.clock.after(0, () => this.#advance());
    else this.#enter();
  }

  /** The step that is planned after the last has finished, or its work was found finished: the job's result is saved. */
  #complete(): void {
    const result = this.#output(this.#cursor.from);
    this.writer.send((write) => this.activation.complete(write, result, this.#cursor.failuresSeen), {
      refused: (answer) => answer === 'failed-children',
      answered: (answer) => {
        if (answer === 'completed') this.#end({ type: 'completed', result });
        else if (answer === 'waiting-children') this.#end({ type: 'waiting-children' });
        else this.#failOfChild();
      },
    });
  }

  #failOfChild(): void {
    whenReady(
      () => this.activation.children(),
      (children) => {
        const failed = children.find((child) => child.status === 'failed' && child.onFailure === 'fail');
        this.failed(failed ? childFailed(failed) : new ChildFailedError('a child failed, and was removed'));
      },
      (error) => this.lost(error),
    );
  }

  // --- other ends ---

  failed(error: unknown): void {
    const { job, clock } = this.activation;
    const options = this.#planned()?.options ?? {};
    const attempt = job.attemptsMade - this.#cursor.attemptBase + 1;
    const again = attempt < (options.attempts ?? job.opts.attempts ?? 1) && !isUnrecoverable(error);
    const retryAt = again ? clock.now() + backoffOf(options.backoff ?? job.opts.backoff, attempt, job.id) : undefined;
    // a retry by hand begins the visit's attempts anew
    if (!again) this.#change({ attemptBase: job.attemptsMade + 1 });
    this.writer.send((write) => this.activation.fail(write, failureOf(error), retryAt), {
      answered: () => this.#end({ type: again ? 'retried' : 'failed', error }),
    });
  }

  parked(type: 'delayed' | 'waiting-children'): void {
    this.#end({ type });
  }

  mismatched(kinds: readonly string[]): void {
    this.#putBack(
      new CheckpointMismatchError(
        `step ${this.#cursor.step} was saved with the gates ${this.#cursor.kinds?.join(', ')}, the code has ` +
          `${kinds.join(', ') || 'none'}: add gates after the last one, or with a key`,
      ),
    );
  }

  /** In a rolling deployment another worker may know what this one doesn't: the job waits, longer each time (S10). */
  #putBack(error: UnknownStepError | CheckpointMismatchError | UnknownJobNameError): void {
    const now = this.activation.clock.now();
    const { since, times } = this.#cursor.unknown ?? { since: now, times: 0 };
    if (now - since >= this.#options.unknownStepGrace) {
      this.#change({ unknown: undefined });
      this.writer.send((write) => this.activation.fail(write, failureOf(error)), {
        answered: () => this.#end({ type: 'failed', error }),
      });
      return;
    }
    this.activation.warn(`job ${this.activation.job.id} is put back: ${error.message}`);
    const wakeDue = Number.isFinite(this.wokenFor) ? this.wokenFor : undefined;
    this.#change({ wakeDue, unknown: { since, times: times + 1 } });
    const delay = Math.min(firstPutBack * 2 ** times, longestPutBack);
    this.writer.send((write) => this.activation.moveToDelayed(write, now + delay), {
      answered: () => this.#end({ type: 'delayed' }),
    });
  }

  drained(): void {
    this.writer.send((write) => this.activation.release(write), { answered: () => this.#end({ type: 'released' }) });
  }

  lost(error: unknown): void {
    this.#step?.stop();
    this.#end({ type: 'lost', error });
  }

  #stop(why: 'lost' | 'closing'): void {
    if (this.#ended) return;
    if (why === 'lost') this.lost(undefined);
    else {
      this.#step?.stop();
      this.drained();
    }
  }

  #end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.activation.end(outcome);
  }

  // --- what a step asks for ---

  get payloads(): Payloads {
    return this.#options.payloads;
  }

  get parkAfter(): number {
    return this.#options.parkAfter;
  }

  get failuresSeen(): number {
    return this.#cursor.failuresSeen;
  }

  noteWakeDue(wakeDue: number): void {
    this.#change({ wakeDue });
  }

  get visit(): number {
    return this.#cursor.visit;
  }

  /** Stable over retries and crashes, another one for each visit and run (S8). */
  get idempotencyKey(): string {
    const { queue, id, timestamp } = this.activation.job;
    return hashOf(this.#options.prefix, queue, id, timestamp, this.#cursor.run, this.#cursor.visit);
  }

  knows(kinds: readonly string[]): boolean {
    const known = (this.#cursor.kinds ?? []).every((kind, place) => kind === kinds[place]);
    if (known && this.#cursor.unknown) this.#change({ unknown: undefined });
    return known;
  }

  stepNamed(target: unknown): string | undefined {
    const { plan, instance } = this.#handler!;
    if (typeof target === 'string') return plan.steps.get(target)?.name;
    const members = instance as Record<string, unknown>;
    return typeof target === 'function'
      ? [...plan.steps.values()].find(({ name }) => members[name] === target)?.name
      : undefined;
  }

  addedGroups(): readonly string[] {
    const turnOf = (field: string): number => Number(this.writer.get(field));
    const fields = this.writer.names('u:').toSorted((a, b) => turnOf(a) - turnOf(b));
    return fields.map((field) => field.slice(2));
  }

  noteAdded(group: string): void {
    const turn = this.writer.names('u:').length;
    if (this.writer.get(`u:${group}`) === undefined)
      this.writer.set(`u:${group}`, String(turn), 'the list of children');
  }

  noteFailuresSeen(children: readonly ChildRecord[]): void {
    const failuresSeen = children.filter((child) => child.status === 'failed' && child.onFailure === 'fail').length;
    if (failuresSeen !== this.#cursor.failuresSeen) this.#change({ failuresSeen });
  }

  noteKinds(kinds: readonly string[]): void {
    if (kinds.length !== (this.#cursor.kinds?.length ?? 0)) this.#change({ kinds: [...kinds] });
  }

  #output(step: string | undefined): Payload | undefined {
    return step === undefined ? undefined : this.writer.get(`o:${step}`);
  }

  #change(change: Partial<Cursor>): void {
    this.#cursor = { ...this.#cursor, ...change };
    this.writer.cursorChanged();
  }
}

/** The step of a job that was put back before a processor had taken it. */
const notBegun = '';

const firstPutBack = 1_000;
const longestPutBack = 60_000;

function isUnrecoverable(error: unknown): boolean {
  try {
    return error instanceof UnrecoverableError || (error as Error | undefined)?.name === 'UnrecoverableError';
  } catch {
    return false;
  }
}
