import { FunctionRun, type FunctionRunOptions } from './function-run.js';
import type { JobRunner } from './job-runner.js';
import type { LiveActivation } from './live-activation.js';

/** Runs jobs by a worker's function. */
export class FunctionRunner implements JobRunner {
  readonly isFunction = true;
  /** As in BullMQ, a close waits for the functions: there is no telling how far they have come. */
  readonly grace = Infinity;
  readonly #options: FunctionRunOptions;
  readonly #runs = new WeakMap<LiveActivation, FunctionRun>();

  constructor(options: FunctionRunOptions) {
    this.#options = options;
  }

  run(activation: LiveActivation): void {
    this.#runOf(activation).begin();
  }

  cancel(activation: LiveActivation, reason: string): void {
    this.#runOf(activation).cancel(reason);
  }

  /** It may be cancelled before it begins. */
  #runOf(activation: LiveActivation): FunctionRun {
    let run = this.#runs.get(activation);
    if (!run) this.#runs.set(activation, (run = new FunctionRun(activation, this.#options)));
    return run;
  }
}
