import { systemClock } from '../index.js';
import { describe } from './check-job.js';
import type { JobHandle } from './job-handle.js';
import { ManualClock } from './manual-clock.js';
import { stuckError } from './stuck.js';
import { World, type WorldOptions } from './world.js';

/** How long a job may wait for the real world, in milliseconds of real time. */
const patience = 5_000;
const noAnswer = `what it waits for has not come in ${patience / 1_000} s of real time`;
/** How long a job may wait for the real world while a timer is pending that may be what it waits for. */
const quietTime = 20;
/** Turns of the event loop without anything happening, after which a moment counts as over. */
const quietTurns = 3;

/** A world whose time passes when it is told to, between which promises resolve in real time. */
export class LiveWorld {
  readonly world: World;
  readonly #clock: ManualClock;

  constructor(options: Omit<WorldOptions, 'clock'>, start: number) {
    this.#clock = new ManualClock(start);
    this.world = new World({ ...options, clock: this.#clock });
  }

  /** Lets time pass, and everything happen at its moment. @param ms milliseconds */
  async advance(ms: number): Promise<void> {
    const end = this.#clock.now() + ms;
    await this.#begin();
    await this.#moment();
    for (let due = this.#clock.nextDue; due !== undefined && due <= end; due = this.#clock.nextDue) {
      this.#clock.moveTo(due);
      await this.#moment();
    }
    this.#clock.moveTo(end);
  }

  /** Lets as much time pass as it takes the job to complete or to fail. */
  async settled(job: JobHandle): Promise<void> {
    await this.#begin();
    let waited = 0;
    for (;;) {
      await this.#moment();
      if (job.state === 'completed' || job.state === 'failed') return;
      const due = this.#clock.nextDue;
      const stuck = this.world.stuck();
      const isReal = stuck.length > 0 && this.#clock.isIdle;
      if (isReal && waited > patience) throw stuckError(stuck, noAnswer);
      // it waits for the real world: virtual time must not run away meanwhile
      if (stuck.length > 0 && (isReal || waited < quietTime)) {
        waited++;
        await later(1);
      } else if (due === undefined || this.#clock.isOver) throw neverError(job);
      else {
        waited = 0;
        this.#clock.moveTo(due);
      }
    }
  }

  async #begin(): Promise<void> {
    if (this.world.machines.length === 0) this.world.startMachine();
    await Promise.all(this.world.machines.map(({ started }) => started));
  }

  /** Lets everything happen that happens at this moment. */
  async #moment(): Promise<void> {
    for (let quiet = 0; quiet < quietTurns; quiet++) {
      const before = this.#clock.progress;
      await later(0);
      while (this.#clock.tick()) quiet = 0;
      if (this.#clock.progress !== before) quiet = 0;
    }
  }
}

/** Real time, in milliseconds; 0: the next turn of the event loop. */
function later(ms: number): Promise<void> {
  return new Promise((resolve) => systemClock.after(ms, resolve));
}

function neverError(job: JobHandle): Error {
  const last = job.events.at(-1);
  return new Error(
    `job ${job.id} of queue ${job.queueName} will never settle: it is ${job.state}, and nothing is left to happen` +
      `${last ? `; the last thing was: ${describe(last)}` : ''}. Do its processors, and those of its children, belong to the bed?`,
  );
}
