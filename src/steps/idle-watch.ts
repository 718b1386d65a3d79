import { steadyTime } from '../engine/clock.js';
import type { Gates } from './gates.js';
import type { StepContext } from './step-context.js';

/**
 * Warns once of a run of a step that for a whole `lockDuration` neither emits, nor saves, nor ends: it holds its worker's slot
 * in silence, and what is meant is often a job that sleeps in the store. It has no timer, but looks when it is asked.
 */
export class IdleWatch {
  readonly #step: StepContext & { readonly gates: Gates };
  #writes: number;
  /** Of the last sign of life, in steady time. */
  #since: number;
  #warned = false;

  constructor(step: StepContext & { readonly gates: Gates }) {
    this.#step = step;
    this.#writes = step.progress.writer.writes;
    this.#since = steadyTime(step.clock);
  }

  /** @param lockDuration milliseconds */
  look(lockDuration: number): void {
    if (this.#step.over || this.#warned) return;
    const { writer, asking } = this.#step.progress;
    const now = steadyTime(this.#step.clock);
    // each emission is a write; a gate that waits parks the job by itself, and what the store is asked is its affair
    if (writer.writes !== this.#writes || writer.busy || writer.dirty || asking || this.#step.gates.open.wait) {
      this.#writes = writer.writes;
      this.#since = now;
    } else if (now - this.#since >= lockDuration) {
      this.#warned = true;
      this.#warn(lockDuration);
    }
  }

  #warn(lockDuration: number): void {
    const { name, progress } = this.#step;
    const { id, queue } = progress.activation.job;
    progress.activation.warn(
      `STEP_IDLE: step ${name} of job ${id} of queue ${queue} has neither emitted, nor saved, nor ended for ${lockDuration} ms ` +
        "(lockDuration), and holds its worker's slot. It waits for rxjs' own delay() or timer(), for an Observable that never " +
        "completes, or for a promise. To let the job sleep in the store, import delay from 'stepstream'; for an answer from " +
        'outside, add a child and await it; where the work takes so long, emit how far it has come, or raise lockDuration.',
      { step: name, code: 'STEP_IDLE' },
    );
  }
}
