import { ClosedError, StoreUnavailableError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import type { JobRecord } from '../records.js';
import { optional, type Arguments } from './arguments.js';
import type { Script } from './script.js';
import { scripts } from './scripts.js';

const armAgain = 1_000;

/** How a job scheduler of BullMQ repeats, as its jobs' options tell. */
interface Repeat {
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

type ScheduledOptions = Readonly<Record<string, unknown>> & { readonly repeat?: Repeat; readonly prevMillis?: number };

export interface SchedulersHost {
  readonly clock: Clock;
  call(script: Script, args: Arguments): Promise<unknown>;
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
      const next = await nextOf(opts as ScheduledOptions, scheduler, Math.floor(this.#host.clock.now()));
      if (!next) return;
      const args: Arguments = [queue, scheduler, id, JSON.stringify(next.opts)];
      optional(args, next.due);
      await this.#host.call(scripts.armScheduler, args);
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
  readonly opts: object;
  /** For a pattern; an interval is counted where the scheduler is. */
  readonly due: number | undefined;
}

/** What follows a job of a scheduler; `undefined` when it was the last. @throws when the pattern can't be read */
async function nextOf(opts: ScheduledOptions, scheduler: string, clock: number): Promise<Next | undefined> {
  const { repeat = {}, prevMillis = 0 } = opts;
  const { pattern, every, offset, limit = Infinity } = repeat;
  const [startDate, endDate] = [timeOf(repeat.startDate), timeOf(repeat.endDate)];
  const count = (repeat.count ?? 0) + 1;
  if (count > limit || clock > (endDate ?? Infinity)) return undefined;
  const due = pattern === undefined ? undefined : await nextTime(repeat, pattern, Math.max(prevMillis, clock));
  if (due === undefined && !every) return undefined;
  const next = { ...repeat, offset: every && offset ? offset : undefined, count, startDate, endDate };
  return {
    opts: { attempts: 0, ...opts, repeat: next, repeatJobKey: scheduler, timestamp: clock, prevMillis: due },
    due,
  };
}

async function nextTime(repeat: Repeat, pattern: string, now: number): Promise<number | undefined> {
  const { CronExpressionParser } = await import('cron-parser');
  const currentDate = Math.max(timeOf(repeat.startDate) ?? 0, now);
  const schedule = CronExpressionParser.parse(pattern, { ...repeat, currentDate });
  return schedule.hasNext() ? Math.max(schedule.next().getTime(), now) : undefined;
}

function timeOf(date: number | string | undefined): number | undefined {
  return date === undefined ? undefined : new Date(date).getTime();
}
