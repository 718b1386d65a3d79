import type { Engine, JobRecord, Lease, Write } from '../index.js';
import { decode, placeOf, type StoredPlace } from './stored-text.js';

/** What can happen to a job, in the words that diagrams have letters for. */
export type TraceType =
  | 'checkpoint'
  | 'delayed'
  | 'waiting-children'
  | 'resumed'
  | 'retried'
  | 'stalled'
  | 'put-back'
  | 'completed'
  | 'failed'
  | 'cancelled';

/** One thing that happened to a job. Times are milliseconds of virtual time, from the bed's beginning. */
export interface TraceEvent {
  readonly type: TraceType;
  readonly at: number;
  /** The step it was in; of a checkpoint at the end of a step, that step. */
  readonly step?: string;
  readonly visit?: number;
  /** The emission that was saved. */
  readonly emission?: unknown;
  /** What the step finished with. */
  readonly output?: unknown;
  /** The gates that were saved: their keys, or their kinds. */
  readonly gates?: readonly string[];
  /** Number of children that were added. */
  readonly children?: number;
  /** When the job goes on, if at a time. */
  readonly due?: number;
  /** Why it failed, was retried, put back or cancelled. */
  readonly reason?: string;
  /** The error's code, if it is one of Stepstream's. */
  readonly code?: string;
  readonly result?: unknown;
  /** The machine that did it. */
  readonly machine?: string;
}

/** What is known of one job. */
export interface JobLog {
  readonly queue: string;
  readonly id: string;
  readonly events: TraceEvent[];
  /** The last output of every finished step. */
  readonly outputs: Record<string, unknown>;
  place: StoredPlace;
  started: boolean;
  /** The machine that has it. */
  holder: string | undefined;
}

type Waiting = Parameters<Engine['moveToWaitingChildren']>[2];
type Failure = Parameters<Engine['fail']>[2];

const notStarted: StoredPlace = { visit: 1, step: undefined, from: undefined, kinds: [], unknown: false };

/** What happened to each job of a bed, in order; told by the machines' and the client's calls of the engine. */
export class Trace {
  readonly logs: JobLog[] = [];
  /** What happened to all of them, in order. */
  readonly all: (TraceEvent & { readonly queue: string })[] = [];
  readonly #byKey = new Map<string, JobLog>();
  /** Whether nobody looks at the events: then they aren't read out of the writes, which takes its time. */
  isBrief = false;
  readonly #now: () => number;
  readonly #start: number;
  readonly #progressed: () => void;
  readonly #firstStep: (queue: string) => string | undefined;

  /** @param firstStep the step that jobs of a queue begin in, if they all begin in one */
  constructor(now: () => number, progressed: () => void, firstStep: (queue: string) => string | undefined) {
    this.#now = now;
    this.#firstStep = firstStep;
    this.#start = now();
    this.#progressed = progressed;
  }

  log(queue: string, id: string): JobLog {
    const key = `${queue}:${id}`;
    let log = this.#byKey.get(key);
    if (!log) {
      log = { queue, id, events: [], outputs: {}, place: notStarted, started: false, holder: undefined };
      this.#byKey.set(key, log);
      this.logs.push(log);
    }
    return log;
  }

  /** The jobs of a queue, in the order in which they were added. */
  ofQueue(queue: string): readonly JobLog[] {
    return this.logs.filter((log) => log.queue === queue);
  }

  // --- what happens ---

  added(queue: string, id: string): void {
    this.log(queue, id);
    this.#progressed();
  }

  /** It was in the store before the bed: what it does first is to be resumed, if it had begun. */
  loaded(queue: string, id: string, cursor: string | undefined): void {
    const log = this.log(queue, id);
    log.started = cursor !== undefined;
    if (cursor !== undefined) log.place = placeOf(cursor);
    this.#progressed();
  }

  claimed({ queue, id, checkpoint }: JobRecord, machine: string): void {
    const log = this.log(queue, id);
    // a new run begins anew
    log.place =
      checkpoint && checkpoint.seq > 0 ? placeOf(checkpoint.cursor) : { ...notStarted, step: this.#firstStep(queue) };
    const { step } = log.place;
    if (log.started) this.#note(log, { type: 'resumed', ...(step && { step }), visit: log.place.visit, machine });
    log.started = true;
    log.holder = machine;
    this.#progressed();
  }

  checkpoint(lease: Lease, write: Write, machine: string): void {
    this.#wrote(lease, write, 'checkpoint', { machine }, true);
  }

  delayed(lease: Lease, write: Write, due: number, machine: string): void {
    const isPutBack = write.cursor !== undefined && placeOf(write.cursor).unknown;
    this.#wrote(lease, write, isPutBack ? 'put-back' : 'delayed', { due: due - this.#start, machine });
  }

  waiting(lease: Lease, write: Write, { due }: Waiting, machine: string): void {
    this.#wrote(lease, write, 'waiting-children', { ...(due !== undefined && { due: due - this.#start }), machine });
  }

  completed(lease: Lease, write: Write, result: string | undefined, machine: string): void {
    this.#wrote(lease, write, 'completed', { result: decode(result), machine });
  }

  failed(lease: Lease, write: Write, { reason, code }: Failure, retryAt: number | undefined, machine: string): void {
    const why = { reason, ...(code !== undefined && { code }), machine };
    if (retryAt === undefined) this.#wrote(lease, write, 'failed', why);
    else this.#wrote(lease, write, 'retried', { ...why, due: retryAt - this.#start });
  }

  released(lease: Lease, write: Write, machine: string): void {
    this.#wrote(lease, write, 'put-back', { reason: 'the worker closed', machine });
  }

  /** Its worker was lost. */
  stalled(queue: string, id: string): void {
    const log = this.log(queue, id);
    log.holder = undefined;
    this.#note(log, { type: 'stalled', ...(log.place.step && { step: log.place.step }) });
  }

  /** It failed without a worker's doing. */
  ended({ queue, id, failedReason, failedCode }: JobRecord): void {
    const log = this.log(queue, id);
    log.holder = undefined;
    this.#note(log, {
      type: failedCode === 'JOB_CANCELLED' ? 'cancelled' : 'failed',
      ...(failedReason !== undefined && { reason: failedReason }),
      ...(failedCode !== undefined && { code: failedCode }),
    });
  }

  #wrote(lease: Lease, write: Write, type: TraceType, details: Partial<TraceEvent>, holds = false): void {
    const log = this.log(lease.queue, lease.jobId);
    if (!holds) log.holder = undefined;
    if (this.isBrief) {
      this.#progressed();
      return;
    }
    const before = log.place;
    if (write.cursor !== undefined) log.place = placeOf(write.cursor);
    const { place } = log;
    const finished = place.step === undefined || place.visit !== before.visit ? place.from : undefined;
    write.fields?.forEach((value, field) => {
      if (field.startsWith('o:')) log.outputs[field.slice(2)] = decode(value);
    });
    const step = finished ?? place.step;
    this.#note(log, {
      type,
      ...(step !== undefined && { step, visit: finished === undefined ? place.visit : before.visit }),
      ...emissionOf(write),
      ...(finished !== undefined && { output: log.outputs[finished] }),
      ...gatesOf(write, place),
      ...(write.children?.length && { children: write.children.length }),
      ...details,
    });
    for (const child of write.children ?? []) {
      if (child.opts.jobId !== undefined) this.log(child.queue, child.opts.jobId);
    }
  }

  #note(log: JobLog, event: Omit<TraceEvent, 'at'>): void {
    const noted = { ...event, at: this.#now() - this.#start };
    log.events.push(noted);
    this.all.push({ ...noted, queue: log.queue });
    this.#progressed();
  }
}

function emissionOf({ progress, fields }: Write): Partial<TraceEvent> | undefined {
  if (progress === undefined) return undefined;
  const { step, emission, bytes } = JSON.parse(progress);
  // one of more than 8 KiB is told by its size alone
  if (emission !== undefined || bytes === 0) return { emission };
  return { emission: decode(fields?.get('e') ?? fields?.get(`o:${step}`)) };
}

function gatesOf({ fields }: Write, { kinds }: StoredPlace): { readonly gates: readonly string[] } | undefined {
  const gates = [...(fields ?? [])]
    .filter(([field, value]) => field.startsWith('g:') && value !== null)
    .map(([field]) => (field.startsWith('g:=') ? field.slice(3) : (kinds[Number(field.slice(2))] ?? field.slice(2))));
  return gates.length > 0 ? { gates } : undefined;
}
