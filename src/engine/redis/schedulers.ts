import { ClosedError, StoreUnavailableError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import type { JobRecord } from '../records.js';
import { loadPatterns, timesByPattern } from '../schedules.js';
import { optional, type Arguments } from './arguments.js';
import type { Script } from './script.js';
import { scripts } from './scripts.js';
import { optionsText } from './stored-options.js';

const armAgain = 1_000;

/** How a job scheduler repeats, as its jobs' options tell. */
interface CarriedRepeat {
  readonly pattern?: string;
  /** Milliseconds. */
  readonly every?: number;
  readonly offset?: number | null;
  /** Of iterations. */
  readonly limit?: number;
  /** Number of the iteration. */
  readonly count?: number;
  readonly startDate?: number | string;
  readonly endDate?: number | string;
  readonly tz?: string;
}

type CarriedOptions = Readonly<Record<string, unknown>> & {
  readonly repeat?: CarriedRepeat;
  readonly prevMillis?: number;
};

export interface SchedulersHost {
  readonly clock: Clock;
  call(script: Script, args: Arguments): Promise<readonly unknown[]>;
  warn(message: string): void;
}

/**
 * Adds the next job of a scheduler when one of its jobs is claimed, as BullMQ's workers do: by the options that the jobs carry
 * on from one to the next, and the scheduler's own hash.
 */
export class Schedulers {
  readonly #host: SchedulersHost;
  readonly #again = new Set<Cancel>();

  #closed = false;

  constructor(host: SchedulersHost) {
    this.#host = host;
  }

  /** Resolves when the next job is added, or is not to be yet. */
  async arm(job: JobRecord, scheduler: string): Promise<void> {
    const { id, queue, opts } = job;
    try {
      for await (const next of followersOf(opts as CarriedOptions, scheduler, Math.floor(this.#host.clock.now()))) {
        const args: Arguments = [queue, scheduler, id, optionsText(next.opts)];
        optional(args, next.due);
        const [, , isTaken] = await this.#host.call(scripts.armScheduler, args);
        if (isTaken !== 1) return;
      }
    } catch (error) {
      if (error instanceof ClosedError) return; // whoever takes the job over arms it
      if (error instanceof StoreUnavailableError) this.#armLater(job, scheduler);
      else this.#host.warn(`job scheduler "${scheduler}" of queue ${queue} ends with job ${id}: ${String(error)}`);
    }
  }

  close(): void {
    this.#closed = true;
    for (const cancel of this.#again) cancel();
  }

  #armLater(job: JobRecord, scheduler: string): void {
    if (this.#closed) return;
    const cancel = this.#host.clock.after(armAgain, () => {
      this.#again.delete(cancel);
      void this.arm(job, scheduler);
    });
    this.#again.add(cancel);
  }
}

interface Next {
  /** Of the next job, but for its id and delay. */
  readonly opts: object;
  /** For a pattern; an interval is counted where the scheduler is. */
  readonly due: number | undefined;
}

/** What may follow a job of a scheduler: the first that there isn't yet; none when it was the last. @throws when the pattern can't be read */
async function* followersOf(carried: CarriedOptions, scheduler: string, clock: number): AsyncGenerator<Next> {
  const { jobId: _, delay: __, ...opts } = carried;
  const { repeat = {}, prevMillis = 0 } = opts;
  const { pattern, every, tz, offset, limit = Infinity } = repeat;
  const [startDate, endDate] = [timeOf(repeat.startDate), timeOf(repeat.endDate)];
  const count = (repeat.count ?? 0) + 1;
  if (count > limit || clock > (endDate ?? Infinity)) return;
  const next = { ...repeat, offset: every && offset ? offset : undefined, count, startDate, endDate };
  const made = { ...opts, repeat: next, repeatJobKey: scheduler, timestamp: clock };
  if (pattern === undefined) {
    if (every) yield { opts: { ...made, prevMillis: undefined }, due: undefined };
    return;
  }
  await loadPatterns();
  for (const due of timesByPattern({ pattern, tz, startDate, endDate }, Math.max(prevMillis, clock)))
    yield { opts: { ...made, prevMillis: due }, due };
}

function timeOf(date: number | string | undefined): number | undefined {
  return date === undefined ? undefined : new Date(date).getTime();
}
