import { isPromise, type Awaitable } from './engine/awaitable.js';
import type { JobRecord } from './engine/records.js';
import { ResolveError } from './errors.js';
import type { Activation } from './job/activation.js';
import { failureOf } from './job/failure.js';
import type { Job } from './job/job.js';
import type { JobInstance, PerJob } from './per-job.js';
import { checked } from './resolver.js';
import type { MadeInstance, MakeInstance } from './steps/job-run.js';
import { classNameOf } from './steps/metadata.js';
import type { Plan } from './steps/plan.js';

/** Makes instances of processors for a job each, and knows those that are still being disposed. */
export class JobInstances {
  readonly #jobOf: (record: JobRecord) => Job;
  readonly #disposing = new Set<Promise<unknown>>();

  constructor(jobOf: (record: JobRecord) => Job) {
    this.#jobOf = jobOf;
  }

  /** What makes them; it throws, or rejects with, a ResolveError. */
  maker(plan: Plan, { open }: PerJob): MakeInstance {
    return (activation) => {
      const made = (opened: JobInstance): MadeInstance => this.#made(plan, activation, opened);
      let opening: Awaitable<JobInstance>;
      try {
        opening = open(this.#jobOf(activation.job));
      } catch (cause) {
        throw notMade(plan, activation, cause);
      }
      if (!isPromise(opening)) return made(opening);
      return opening.then(made, (cause: unknown) => {
        throw notMade(plan, activation, cause);
      });
    };
  }

  /** Resolves when what has been made for jobs that have left is disposed. */
  async disposed(): Promise<void> {
    await Promise.all(this.#disposing);
  }

  #made(plan: Plan, activation: Activation, opened: JobInstance): MadeInstance {
    const dispose = (): void => this.#dispose(plan, activation, opened);
    try {
      return { instance: checked(plan, opened?.instance), dispose };
    } catch (error) {
      dispose();
      throw error;
    }
  }

  #dispose(plan: Plan, activation: Activation, opened: JobInstance | undefined): void {
    const failed = (error: unknown): void => {
      const which = `${classNameOf(plan.processor)} of job ${activation.job.id}`;
      activation.warn(`the instance of ${which} was not disposed: ${failureOf(error).reason}`);
    };
    try {
      const disposing = opened?.dispose?.();
      if (!isPromise(disposing)) return;
      const disposed: Promise<unknown> = disposing.then(undefined, failed).then(() => this.#disposing.delete(disposed));
      this.#disposing.add(disposed);
    } catch (error) {
      failed(error);
    }
  }
}

function notMade({ processor }: Plan, { job }: Activation, cause: unknown): ResolveError {
  const { reason } = failureOf(cause);
  return new ResolveError(`${classNameOf(processor)} could not be made for job ${job.id}: ${reason}`, { cause });
}
