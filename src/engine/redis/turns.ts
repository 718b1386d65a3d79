import { JobCancelledError, JobNotFoundError, LeaseLostError } from '../../errors.js';
import type { Cancel, Clock } from '../clock.js';
import type { Claimed, ClaimOptions } from '../engine.js';
import type { JobRecord, NewJob, Write } from '../records.js';
import { jobArguments, writeArguments, type Arguments } from './arguments.js';
import {
  claimArguments,
  claimedBy,
  claimsOf,
  type Claim,
  type Claimant,
  type ClaimAnswer,
  type WishedLease,
} from './claims.js';
import { unpack } from './msgpack.js';
import { refusalOf } from './refusals.js';
import type { Script } from './script.js';
import { scripts } from './scripts.js';

/** R5: a script's work is bounded. So small, Redis works on one call while this process makes the next and reads the last. */
const largestTurn = 50;
const largestAdd = 1_000;

/** Kinds of writes that may finish a job. */
const endings: ReadonlySet<string> = new Set(['complete', 'fail']);

export type Kind = 'checkpoint' | 'moveToDelayed' | 'moveToWaitingChildren' | 'complete' | 'fail' | 'release';

interface Pending<A> {
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}

interface PendingWrite extends Pending<unknown> {
  readonly kind: Kind;
  readonly lease: WishedLease;
  readonly write: Write;
  readonly more: Arguments | undefined;
  readonly read: (answer: string) => unknown;
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
  #claims: Claimant[] = [];
  #flushing: Cancel | undefined;
  #tokens = 0;

  constructor(host: TurnsHost) {
    this.#host = host;
  }

  /** The jobs' ids. They are read at once: the caller may change them afterwards. @throws JobNotFoundError */
  add(jobs: readonly NewJob[]): Promise<readonly string[]> {
    const args: Arguments = [jobs.length];
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
  write<A>(kind: Kind, lease: WishedLease, write: Write, read: (answer: string) => A, more?: Arguments): Promise<A> {
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
      this.#sendTurn(share(writes, call, calls), claimsOf(share(claims, call, calls)));
    }
  }

  // --- adding ---

  #flushAdds(adds: readonly PendingAdd[]): void {
    this.#adds = [];
    let [from, jobs] = [0, 0];
    for (const [at, { count }] of adds.entries()) {
      if (jobs > 0 && jobs + count > largestAdd) {
        this.#sendAdds(adds.slice(from, at));
        [from, jobs] = [at, 0];
      }
      jobs += count;
    }
    this.#sendAdds(adds.slice(from));
  }

  #sendAdds(adds: readonly PendingAdd[]): void {
    const args: Arguments = [this.#host.newCallId(), adds.length];
    for (const add of adds) for (const each of add.args) args.push(each);
    this.#host
      .call(scripts.add, args)
      .then((answers) => {
        const ids = unpack(answers[2]!) as readonly (string | readonly [missingParent: string])[];
        let from = 0;
        for (const { count, resolve, reject } of adds) {
          const first = ids[from];
          if (typeof first === 'object') reject(noParent(first[0], this.#host.prefix));
          else resolve(ids.slice(from, from + count) as readonly string[]);
          from += count;
        }
      })
      .catch((error: unknown) => {
        for (const { reject } of adds) reject(error);
      });
  }

  // --- writing and claiming ---

  #sendTurn(writes: readonly PendingWrite[], claims: readonly Claim[]): void {
    const { prefix } = this.#host;
    const args: Arguments = [this.#host.newCallId()];
    if (writes.length > 0) args.push(0);
    const sent: PendingWrite[] = [];
    for (const pending of writes) {
      const before = args.length;
      try {
        const { finishing } = pending.lease;
        if (finishing !== undefined && endings.has(pending.kind)) args.push('wished', finishing);
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
    for (const claim of claims) {
      claimArguments(args, claim, this.#host.ownerOf(claim.queue), this.#tokens);
      this.#tokens += claim.limit;
    }
    this.#host
      .call(writes.length > 0 ? scripts.turn : scripts.claim, args)
      .then((reply) => {
        const answers = unpack(reply[2]!) as readonly unknown[];
        sent.forEach((write, index) => settle(write, answers[index] as string, prefix));
        claims.forEach((claim, index) => this.#settleClaim(claim, answers[sent.length + index] as ClaimAnswer));
      })
      // an answer that can't be read is one of them: who waits must not wait for ever
      .catch((error: unknown) => {
        for (const { reject } of sent) reject(error);
        for (const { claimants } of claims) for (const { reject } of claimants) reject(error);
      });
  }

  #settleClaim(claim: Claim, answer: ClaimAnswer): void {
    const { queue, limit, claimants } = claim;
    const [again, , now] = answer;
    const claimed = claimedBy(claim, answer, this.#host.prefix);
    this.#host.claimed(queue, {
      emptied: claimed.length < limit,
      again: again === '' ? undefined : Math.max(Number(again) - Number(now), 0),
    });
    const arming: Promise<void>[] = [];
    for (const { job } of claimed) if (job.scheduler !== undefined) arming.push(this.#host.arm(job, job.scheduler));
    const give = (): void => {
      let from = 0;
      for (const { options, resolve } of claimants) resolve(claimed.slice(from, (from += options.limit)));
    };
    if (arming.length === 0) give();
    else void Promise.all(arming).then(give, give);
  }
}

/** What of a list goes with one of several calls. */
function share<T>(list: readonly T[], call: number, calls: number): readonly T[] {
  const bound = (at: number): number => Math.ceil((list.length * at) / calls);
  return calls === 1 ? list : list.slice(bound(call), bound(call + 1));
}

/** Answers begin with `=`, refusals with `!`. */
function settle(
  { lease: { jobId, queue }, read, resolve, reject }: PendingWrite,
  answer: string,
  prefix: string,
): void {
  if (answer.startsWith('=')) {
    resolve(read(answer.slice(1)));
    return;
  }
  const [kind, ...words] = answer.split(' ');
  const rest = words.join(' ');
  if (kind === '!cancelled') reject(new JobCancelledError(rest));
  else if (kind === '!parent') reject(noParent(rest, prefix));
  else if (kind === '!order') reject(new LeaseLostError(`a write of job ${jobId} doesn't follow the stored ${rest}`));
  else if (kind === '!lost') {
    reject(new LeaseLostError(`another worker may hold job ${jobId} of queue ${queue}: nothing was written`));
  } else reject(refusalOf(Object.assign(new Error(rest), { name: 'ReplyError' }), 'Redis').error);
}

function noParent(key: string, prefix: string): JobNotFoundError {
  const colon = key.indexOf(':', prefix.length + 1);
  const [queue, id] = [key.slice(prefix.length + 1, colon), key.slice(colon + 1)];
  return new JobNotFoundError(`there is no job ${id} in queue ${queue} to be the parent of another: nothing was added`);
}
