import { whenReady, type Awaitable } from '../engine/awaitable.js';
import type { Payload } from '../engine/records.js';
import {
  ChildFailedError,
  CheckpointMismatchError,
  UnknownJobNameError,
  UnknownStepError,
  UnrecoverableError,
} from '../errors.js';
import type { Activation, Outcome } from '../job/activation.js';
import { childFailed } from '../job/failed-child.js';
import { failureOf, isNamed } from '../job/failure.js';
import type { Payloads } from '../job/payloads.js';
import { backoffOf } from '../job/backoff.js';
import type { Plan, PlannedStep } from './plan.js';
import { notBegun, Progress } from './progress.js';
import { toEnd } from './route.js';
import { StepJobView } from './step-job-view.js';
import { StepRun, type StepEnds } from './step-run.js';

/** What all jobs of a queue have in common. */
export interface JobRunOptions {
  readonly prefix: string;
  readonly payloads: Payloads;
  /** Milliseconds. */
  readonly parkAfter: number;
  readonly unknownStepGrace: number;
  /** The processor that takes jobs of this name. */
  readonly find: (jobName: string) => Handler | undefined;
}

interface Handler {
  readonly plan: Plan;
  /** The one that all its jobs share, or what makes one for a job. */
  readonly instance: object | MakeInstance;
}

/** Makes a processor's instance for one activation. */
export type MakeInstance = (activation: Activation) => Awaitable<MadeInstance>;

export interface MadeInstance {
  readonly instance: object;
  /** Called when the activation has ended; throws nothing. */
  dispose(): void;
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

class JobRun implements StepEnds {
  readonly #activation: Activation;
  readonly #options: JobRunOptions;
  readonly #handler: Handler | undefined;
  readonly #progress: Progress;
  #instance: object | undefined;
  #made: MadeInstance | undefined;
  #step: StepRun | undefined;
  #entering = false;
  #mayEnter = false;
  /** Stopped before its end is written: nothing is begun any more. */
  #stopped = false;
  #ended = false;

  /** @throws CorruptPayloadError */
  constructor(activation: Activation, options: JobRunOptions) {
    this.#activation = activation;
    this.#options = options;
    this.#handler = options.find(activation.job.name);
    this.#progress = new Progress(activation, {
      prefix: options.prefix,
      payloads: options.payloads,
      firstStep: this.#handler?.plan.first ?? notBegun,
      lost: (error) => this.lost(error),
    });
  }

  begin(): void {
    this.#activation.onStop((why) => this.#stop(why));
    this.#activation.onRenewal((lockDuration) => this.#step?.idle.look(lockDuration));
    if (this.#activation.draining) this.drained();
    else if (!this.#handler) {
      const { queue, name } = this.#activation.job;
      this.#putBack(new UnknownJobNameError(`no processor of queue ${queue} takes jobs named "${name}"`));
    } else {
      for (const [alias, { name }] of this.#handler.plan.steps) if (alias !== name) this.#progress.rename(alias, name);
      if (this.#progress.cursor.step === undefined) this.#complete();
      else this.#beginWith(this.#handler.instance);
    }
  }

  /** With an instance of its own once that is made; with one that is there at once. */
  #beginWith(instance: Handler['instance']): void {
    if (typeof instance !== 'function') {
      this.#instance = instance;
      this.#enter();
      return;
    }
    whenReady(
      () => instance(this.#activation),
      (made) => {
        this.#made = made;
        this.#instance = made.instance;
        if (this.#stopped) this.#dispose();
        else if (this.#activation.draining) this.drained();
        else this.#enter();
      },
      (error) => {
        if (!this.#stopped) this.failed(error);
      },
    );
  }

  #dispose(): void {
    const made = this.#made;
    this.#made = undefined;
    made?.dispose();
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
        const message = `${name} has no step "${this.#progress.cursor.step}": deploy it, or rename one with { was: […] }`;
        this.#putBack(new UnknownStepError(message));
      }
    }
    this.#entering = false;
  }

  #planned(): PlannedStep | undefined {
    const { first, steps } = this.#handler!.plan;
    return steps.get(this.#progress.cursor.step === notBegun ? first : this.#progress.cursor.step!);
  }

  #run(step: PlannedStep): void {
    const { plan } = this.#handler!;
    const instance = this.#instance!;
    const progress = this.#progress;
    if (progress.cursor.step !== step.name) progress.change({ step: step.name });
    const run = new StepRun(progress, this, step.name, this.#options.parkAfter, stepNames(plan, instance));
    this.#step = run;
    const job = new StepJobView(progress, run);
    let input: unknown;
    try {
      input = progress.payloads.decode(progress.input);
    } catch (error) {
      this.failed(error);
      return;
    }
    run.start(() => methodOf(instance, step.name).call(instance, job, input), step.timeout);
  }

  finished(output: Payload | undefined, route: string | undefined): void {
    const step = this.#planned()!;
    const next = route === toEnd ? undefined : (route ?? step.next);
    try {
      this.#progress.advance(step.name, output, next);
    } catch (error) {
      this.failed(error); // the checkpoint's limit
      return;
    }
    if (next === undefined) this.#complete();
    else this.#progress.writer.save(() => this.#advance());
  }

  #advance(): void {
    if (this.#ended) return;
    if (this.#activation.draining) this.drained();
    else if (this.#activation.turn.spent()) this.#activation.clock.after(0, () => this.#advance());
    else this.#enter();
  }

  /** The step that is planned after the last has finished, or its work was found finished: the job's result is saved. */
  #complete(): void {
    const result = this.#progress.input;
    this.#progress.writer.send(
      (write) => this.#activation.complete(write, result, this.#progress.cursor.failuresSeen),
      {
        refused: (answer) => answer === 'failed-children',
        answered: (answer) => {
          if (answer === 'completed') this.#end({ type: 'completed', result });
          else if (answer === 'waiting-children') this.#end({ type: 'waiting-children' });
          else this.#failOfChild();
        },
      },
    );
  }

  #failOfChild(): void {
    whenReady(
      () => this.#activation.children(),
      (children) => {
        const failed = children.find((child) => child.status === 'failed' && child.onFailure === 'fail');
        this.failed(failed ? childFailed(failed) : new ChildFailedError('a child failed, and was removed'));
      },
      (error) => this.lost(error),
    );
  }

  // --- other ends ---

  failed(error: unknown): void {
    const { job, clock } = this.#activation;
    const options = this.#planned()?.options ?? {};
    const attempt = job.attemptsMade - this.#progress.cursor.attemptBase + 1;
    const again = attempt < (options.attempts ?? job.opts.attempts ?? 1) && !isNamed(error, UnrecoverableError);
    const retryAt = again ? clock.now() + backoffOf(options.backoff ?? job.opts.backoff, attempt, job.id) : undefined;
    // a retry by hand begins the visit's attempts anew
    if (!again) this.#progress.change({ attemptBase: job.attemptsMade + 1 });
    this.#progress.writer.send((write) => this.#activation.fail(write, failureOf(error), retryAt), {
      answered: () => this.#end({ type: again ? 'retried' : 'failed', error }),
    });
  }

  parked(type: 'delayed' | 'waiting-children'): void {
    this.#end({ type });
  }

  mismatched(kinds: readonly string[]): void {
    this.#putBack(
      new CheckpointMismatchError(
        `step ${this.#progress.cursor.step} was saved with the gates ${this.#progress.cursor.kinds?.join(', ')}, the code has ` +
          `${kinds.join(', ') || 'none'}: add gates after the last one, or with a key`,
      ),
    );
  }

  /** In a rolling deployment another worker may know what this one doesn't: the job waits, longer each time (S10). */
  #putBack(error: UnknownStepError | CheckpointMismatchError | UnknownJobNameError): void {
    const now = this.#activation.clock.now();
    const { since, times } = this.#progress.cursor.unknown ?? { since: now, times: 0 };
    if (now - since >= this.#options.unknownStepGrace) {
      this.#progress.change({ unknown: undefined });
      this.#progress.writer.send((write) => this.#activation.fail(write, failureOf(error)), {
        answered: () => this.#end({ type: 'failed', error }),
      });
      return;
    }
    this.#activation.warn(`job ${this.#activation.job.id} is put back: ${error.message}`);
    if (Number.isFinite(this.#progress.wokenFor)) this.#progress.sleepUntil(this.#progress.wokenFor); // it is to pass then
    this.#progress.change({ unknown: { since, times: times + 1 } });
    const delay = Math.min(firstPutBack * 2 ** times, longestPutBack);
    this.#progress.writer.send((write) => this.#activation.moveToDelayed(write, now + delay), {
      answered: () => this.#end({ type: 'delayed' }),
    });
  }

  drained(): void {
    this.#progress.writer.send((write) => this.#activation.release(write), {
      answered: () => this.#end({ type: 'released' }),
    });
  }

  lost(error: unknown): void {
    this.#step?.stop();
    this.#end({ type: 'lost', error });
  }

  #stop(why: 'lost' | 'closing'): void {
    if (this.#ended) return;
    this.#stopped ||= !this.#step;
    if (why === 'lost') this.lost(undefined);
    else if (!this.#step?.parking) {
      this.#step?.stop();
      this.drained();
    }
  }

  #end(outcome: Outcome): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#progress.writer.close();
    this.#dispose();
    this.#activation.end(outcome);
  }
}

const firstPutBack = 1_000;
const longestPutBack = 60_000;

/** The name of the step that a name, a former one too, or a step method stands for. */
function stepNames({ steps }: Plan, instance: object): (target: unknown) => string | undefined {
  return (target) => {
    if (typeof target === 'string') return steps.get(target)?.name;
    if (typeof target !== 'function') return undefined;
    return [...steps.values()].find(({ name }) => methodOf(instance, name) === target)?.name;
  };
}

function methodOf(instance: object, name: string): (job: unknown, input: unknown) => unknown {
  return (instance as Record<string, (job: unknown, input: unknown) => unknown>)[name]!;
}
