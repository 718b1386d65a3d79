import { JobCancelledError, LeaseLostError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import type { Claimed, ClaimOptions } from '../engine.js';
import type { JobRecord, Lease, NewJob, Write } from '../records.js';
import { jobArguments, writeArguments, type Arguments, type RedisLease } from './arguments.js';
import { eventNumber } from './event-ids.js';
import { unpack } from './msgpack.js';
import { refusalOf } from './refusals.js';
import type { Script } from './script.js';
import { scripts } from './scripts.js';
import { claimedRecord, schedulerOf } from './stored-record.js';

/** R5: a script's work is bounded. So small, Redis works on one call while this process makes the next and reads the last. */
const largestTurn = 50;
const largestAdd = 1_000;

export type Kind = 'checkpoint' | 'moveToDelayed' | 'moveToWaitingChildren' | 'complete' | 'fail' | 'release';

interface Pending<A> {
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingWrite extends Pending<unknown> {
  readonly kind: Kind;
  readonly lease: Lease;
  readonly write: Write;
  readonly more: Arguments | undefined;
  readonly read: (answer: string) => unknown;
}

interface PendingClaim extends Pending<readonly Claimed[]> {
  readonly queue: string;
  readonly options: ClaimOptions;
}

interface PendingAdd extends Pending<readonly string[]> {
  readonly count: number;
  readonly args: Arguments;
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
  readonly prefix: string;
  /** A script that is sent again is known by it. */
  newCallId(): string;
  call(script: Script, args: Arguments): Promise<readonly Buffer[]>;
  /** What tokens of the queue's activations begin with: `<client id>:<process>`. */
  ownerOf(queue: string): string;
  claimed(queue: string, news: ClaimNews): void;
  /** A job of a scheduler was claimed: the next one is to be added before it begins. */
  arm(job: JobRecord, scheduler: string): Promise<void>;
}

/** Collects what comes up in one turn of the event loop, and sends it in few calls: jobs to add, then writes and claims. */
export class Turns {
  readonly #host: TurnsHost;
  #adds: PendingAdd[] = [];
  #writes: PendingWrite[] = [];
  #claims: PendingClaim[] = [];
  #flushing: Cancel | undefined;
  #tokens = 0;

  constructor(host: TurnsHost) {
    this.#host = host;
  }

  /** The jobs' ids. They are read at once: the caller may change them afterwards. */
  add(jobs: readonly NewJob[]): Promise<readonly string[]> {
    const args: Arguments = [];
    jobArguments(args, jobs, this.#host.prefix);
    return new Promise((resolve, reject) => {
      this.#adds.push({ count: jobs.length, args, resolve, reject });
      this.#flushSoon();
    });
  }

  /**
   * What is read of the script's answer.
   *
   * @param more what comes with a write of its kind
   * @throws LeaseLostError, JobCancelledError
   */
  write<A>(kind: Kind, lease: Lease, write: Write, read: (answer: string) => A, more?: Arguments): Promise<A> {
    return new Promise<A>((resolve, reject) => {
      this.#writes.push({ kind, lease, write, read, more, resolve: resolve as (answer: unknown) => void, reject });
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
    const [adds, writes, claims] = [this.#adds, this.#writes, this.#claims];
    if (adds.length > 0) this.#flushAdds(adds);
    if (writes.length === 0 && claims.length === 0) return;
    this.#writes = [];
    this.#claims = [];
    const calls = Math.max(Math.ceil(writes.length / largestTurn), 1);
    for (let call = 0; call < calls; call++) {
      this.#sendTurn(share(writes, call, calls), merged(share(claims, call, calls)));
    }
  }

  // --- adding ---

  #flushAdds(adds: readonly PendingAdd[]): void {
    this.#adds = [];
    let [from, jobs] = [0, 0];
    for (const [at, { count }] of adds.entries()) {
      if (jobs > 0 && jobs + count > largestAdd) {
        this.#sendAdds(adds.slice(from, at), jobs);
        [from, jobs] = [at, 0];
      }
      jobs += count;
    }
    this.#sendAdds(adds.slice(from), jobs);
  }

  #sendAdds(adds: readonly PendingAdd[], jobs: number): void {
    const args: Arguments = [this.#host.newCallId(), jobs];
    for (const add of adds) for (const each of add.args) args.push(each);
    this.#host
      .call(scripts.add, args)
      .then((answers) => {
        const ids = unpack(answers[2]!) as readonly string[];
        let from = 0;
        for (const { count, resolve } of adds) resolve(ids.slice(from, (from += count)));
      })
      .catch((error: unknown) => {
        for (const { reject } of adds) reject(error);
      });
  }

  // --- writing and claiming ---

  #sendTurn(writes: readonly PendingWrite[], claims: readonly MergedClaim[]): void {
    const { prefix } = this.#host;
    const args: Arguments = [this.#host.newCallId()];
    if (writes.length > 0) args.push(0);
    const sent: PendingWrite[] = [];
    for (const pending of writes) {
      const before = args.length;
      try {
        args.push(pending.kind);
        writeArguments(args, pending.lease, pending.write, prefix);
        if (pending.more) args.push(...pending.more);
        sent.push(pending);
      } catch (error) {
        args.length = before;
        pending.reject(error);
      }
    }
    if (writes.length > 0) args[1] = sent.length;
    args.push(claims.length);
    for (const { queue, limit, lockDuration } of claims) {
      args.push(queue, limit, lockDuration, this.#host.ownerOf(queue), this.#tokens);
      this.#tokens += limit;
    }
    this.#host
      .call(writes.length > 0 ? scripts.turn : scripts.claim, args)
      .then((reply) => {
        const answers = unpack(reply[2]!) as readonly unknown[];
        sent.forEach((write, index) => settle(write, answers[index] as string));
        claims.forEach((claim, index) => this.#settleClaim(claim, answers[sent.length + index] as ClaimAnswer));
      })
      // an answer that can't be read is one of them: who waits must not wait for ever
      .catch((error: unknown) => {
        for (const { reject } of sent) reject(error);
        for (const { callers } of claims) for (const { reject } of callers) reject(error);
      });
  }

  #settleClaim({ queue, limit, callers }: MergedClaim, [again, lastEvent, now, taken]: ClaimAnswer): void {
    const eventId = eventNumber(lastEvent);
    const claimed: Claimed[] = [];
    const arming: Promise<void>[] = [];
    for (let i = 0; i < taken.length; i += 3) {
      const jobId = taken[i] as string;
      const values = taken[i + 2] as readonly (string | false)[];
      const place = { queue, id: jobId, state: 'active', due: undefined, eventId } as const;
      const job = claimedRecord(place, values, Number(now), this.#host.prefix);
      const lease: RedisLease = { queue, jobId, token: taken[i + 1] as string, attempts: attemptsOfPlain(job) };
      claimed.push({ job, lease });
      const scheduler = schedulerOf(values);
      if (scheduler !== undefined) arming.push(this.#host.arm(job, scheduler));
    }
    this.#host.claimed(queue, {
      emptied: claimed.length < limit,
      again: again === '' ? undefined : Math.max(Number(again) - Number(now), 0),
    });
    const give = (): void => {
      let from = 0;
      for (const { options, resolve } of callers) resolve(claimed.slice(from, (from += options.limit)));
    };
    if (arming.length === 0) give();
    else void Promise.all(arming).then(give, give);
  }
}

function attemptsOfPlain({ parent, stalledCounter, opts, attemptsMade }: JobRecord): number | undefined {
  const isPlain =
    !parent && stalledCounter === 0 && !('removeOnComplete' in opts || 'removeOnFail' in opts || 'de' in opts);
  return isPlain ? attemptsMade : undefined;
}

type ClaimAnswer = readonly [again: string, lastEvent: string, now: string, taken: readonly unknown[]];

interface MergedClaim {
  readonly queue: string;
  readonly lockDuration: number;
  readonly limit: number;
  readonly callers: readonly PendingClaim[];
}

/** What of a list goes with one of several calls. */
function share<T>(list: readonly T[], call: number, calls: number): readonly T[] {
  const bound = (at: number): number => Math.ceil((list.length * at) / calls);
  return calls === 1 ? list : list.slice(bound(call), bound(call + 1));
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
function settle({ lease: { jobId, queue }, read, resolve, reject }: PendingWrite, answer: string): void {
  if (answer.startsWith('=')) {
    resolve(read(answer.slice(1)));
    return;
  }
  const [kind, ...words] = answer.split(' ');
  const rest = words.join(' ');
  if (kind === '!cancelled') reject(new JobCancelledError(rest));
  else if (kind === '!order') reject(new LeaseLostError(`a write of job ${jobId} doesn't follow the stored ${rest}`));
  else if (kind === '!lost') {
    reject(new LeaseLostError(`another worker may hold job ${jobId} of queue ${queue}: nothing was written`));
  } else reject(refusalOf(Object.assign(new Error(rest), { name: 'ReplyError' }), 'Redis').error);
}
