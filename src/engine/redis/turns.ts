import { JobCancelledError, LeaseLostError, StoreUnavailableError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import type { Claimed, ClaimOptions } from '../engine.js';
import type { Lease, Write } from '../records.js';
import type { Arguments, Packing } from './arguments.js';
import { eventNumber } from './event-ids.js';
import { scripts } from './scripts.js';
import { recordOf } from './stored-record.js';

/** R5: a script's work is bounded. */
const largestTurn = 100;

type Kind = 'checkpoint' | 'moveToDelayed' | 'moveToWaitingChildren' | 'complete' | 'fail' | 'release';

interface PendingWrite {
  readonly lease: Lease;
  readonly args: Arguments;
  readonly resolve: (answer: string) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingClaim {
  readonly queue: string;
  readonly options: ClaimOptions;
  readonly resolve: (claimed: readonly Claimed[]) => void;
  readonly reject: (error: unknown) => void;
}

/** What a claim tells of its queue beside the jobs. */
export interface ClaimNews {
  /** There was less than asked for. */
  readonly emptied: boolean;
  /** Milliseconds until there may be more, if that is known. */
  readonly again: number | undefined;
}

export interface TurnsHost {
  readonly clock: Clock;
  readonly packing: Packing;
  readonly prefix: string;
  newCallId(): string;
  call(script: (typeof scripts)[keyof typeof scripts], args: Arguments): Promise<readonly unknown[]>;
  /** What tokens of the queue's activations begin with: `<client id>:<process>`. */
  ownerOf(queue: string): string;
  claimed(queue: string, news: ClaimNews): void;
}

/** Collects what comes up in one turn of the event loop, and sends it as one call: writes, then claims. */
export class Turns {
  readonly #host: TurnsHost;
  #writes: PendingWrite[] = [];
  #claims: PendingClaim[] = [];
  #flushing: Cancel | undefined;
  #tokens = 0;

  constructor(host: TurnsHost) {
    this.#host = host;
  }

  /** The script's answer. @throws LeaseLostError, JobCancelledError */
  write(kind: Kind, lease: Lease, write: Write, more: Arguments = []): Promise<string> {
    const args: Arguments = [kind];
    this.#host.packing.write(args, lease, write);
    args.push(...more);
    return new Promise((resolve, reject) => {
      this.#writes.push({ lease, args, resolve, reject });
      this.#flushSoon();
    });
  }

  claim(queue: string, options: ClaimOptions): Promise<readonly Claimed[]> {
    return new Promise((resolve, reject) => {
      this.#claims.push({ queue, options, resolve, reject });
      this.#flushSoon();
    });
  }

  #flushSoon(): void {
    this.#flushing ??= this.#host.clock.after(0, () => this.flush());
  }

  /** Sends what has come up until now. */
  flush(): void {
    this.#flushing?.();
    this.#flushing = undefined;
    const writes = this.#writes;
    const claims = this.#claims;
    this.#writes = [];
    this.#claims = [];
    let from = 0;
    for (; writes.length - from > largestTurn; from += largestTurn) {
      this.#send(writes.slice(from, from + largestTurn), []);
    }
    if (writes.length > 0 || claims.length > 0) this.#send(writes.slice(from), merged(claims));
  }

  #send(writes: readonly PendingWrite[], claims: readonly MergedClaim[]): void {
    const args: Arguments = [this.#host.newCallId(), writes.length];
    for (const write of writes) for (const each of write.args) args.push(each);
    args.push(claims.length);
    for (const { queue, limit, lockDuration } of claims) {
      args.push(queue, limit, lockDuration, this.#host.ownerOf(queue), this.#tokens);
      this.#tokens += limit;
    }
    this.#host.call(scripts.turn, args).then(
      (answers) => {
        const at = Number(answers[0]) * 1_000 + Number(answers[1]) / 1_000;
        writes.forEach((write, index) => settle(write, answers[2 + index] as string));
        claims.forEach((claim, index) =>
          this.#settleClaim(claim, answers[2 + writes.length + index] as ClaimAnswer, at),
        );
      },
      (error: unknown) => {
        for (const { reject } of writes) reject(error);
        for (const { callers } of claims) for (const { reject } of callers) reject(error);
      },
    );
  }

  #settleClaim({ queue, limit, callers }: MergedClaim, [again, lastEvent, taken]: ClaimAnswer, at: number): void {
    const eventId = eventNumber(lastEvent);
    const claimed: Claimed[] = [];
    for (let i = 0; i < taken.length; i += 3) {
      const id = taken[i] as string;
      const place = { queue, id, state: 'active', due: undefined, eventId } as const;
      const job = recordOf(place, taken[i + 2] as string[], this.#host.prefix);
      claimed.push({ job, lease: { queue, jobId: id, token: taken[i + 1] as string } });
    }
    this.#host.claimed(queue, {
      emptied: claimed.length < limit,
      again: again === '' ? undefined : Math.max(Number(again) - at, 0),
    });
    let from = 0;
    for (const { options, resolve } of callers) {
      resolve(claimed.slice(from, from + options.limit));
      from += options.limit;
    }
  }
}

type ClaimAnswer = readonly [again: string, lastEvent: string, taken: readonly unknown[]];

interface MergedClaim {
  readonly queue: string;
  readonly lockDuration: number;
  readonly limit: number;
  readonly callers: readonly PendingClaim[];
}

/** Claims on one queue are one; those who made them get their jobs in turn. */
function merged(claims: readonly PendingClaim[]): readonly MergedClaim[] {
  const groups = new Map<string, PendingClaim[]>();
  for (const claim of claims) {
    const key = `${claim.options.lockDuration} ${claim.queue}`;
    const group = groups.get(key);
    if (group) group.push(claim);
    else groups.set(key, [claim]);
  }
  return Array.from(groups.values(), (callers) => ({
    queue: callers[0]!.queue,
    lockDuration: callers[0]!.options.lockDuration,
    limit: callers.reduce((sum, { options }) => sum + options.limit, 0),
    callers,
  }));
}

/** Answers begin with `=`, refusals with `!`. */
function settle({ lease: { jobId, queue }, resolve, reject }: PendingWrite, answer: string): void {
  if (answer.startsWith('=')) {
    resolve(answer.slice(1));
    return;
  }
  const [kind, ...words] = answer.split(' ');
  const rest = words.join(' ');
  if (kind === '!cancelled') reject(new JobCancelledError(rest));
  else if (kind === '!order') reject(new LeaseLostError(`a write of job ${jobId} doesn't follow the stored ${rest}`));
  else if (kind === '!lost') {
    reject(new LeaseLostError(`another worker may hold job ${jobId} of queue ${queue}: nothing was written`));
  } else reject(new StoreUnavailableError(`job ${jobId} of queue ${queue} was not written: ${rest}`, 'SCRIPT'));
}
