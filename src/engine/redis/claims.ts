import type { Claimed, ClaimOptions, Finishing } from '../engine.js';
import type { JobRecord } from '../records.js';
import { optional, type Arguments, type RedisLease } from './arguments.js';
import { eventNumber } from './event-ids.js';
import { claimedRecord } from './stored-record.js';

/** Somebody who claims jobs. */
export interface Claimant {
  readonly queue: string;
  readonly options: ClaimOptions;
  readonly resolve: (claimed: readonly Claimed[]) => void;
  readonly reject: (error: unknown) => void;
}

/** Claims on one queue that are alike: one for the script; those who made it get their jobs in turn. */
export interface Claim {
  readonly queue: string;
  readonly options: ClaimOptions;
  readonly limit: number;
  readonly claimants: readonly Claimant[];
}

/** A lease that remembers what its worker wishes for the job when it finishes: see `shared/finishing.lua`. */
export interface WishedLease extends RedisLease {
  readonly finishing?: string | undefined;
}

/** What `shared/claiming.lua` answers. */
export type ClaimAnswer = readonly [again: string, lastEvent: string, now: string, taken: readonly unknown[]];

export function claimsOf(claimants: readonly Claimant[]): readonly Claim[] {
  const groups = new Map<string, Claimant[]>();
  for (const claimant of claimants) {
    const { queue, options } = claimant;
    const { lockDuration, worker, limiter, finishing } = options;
    const key = JSON.stringify([queue, lockDuration, worker, limiter?.max, limiter?.duration, finishing]);
    const group = groups.get(key);
    if (group) group.push(claimant);
    else groups.set(key, [claimant]);
  }
  return Array.from(groups.values(), (alike) => ({
    queue: alike[0]!.queue,
    options: alike[0]!.options,
    limit: alike.reduce((sum, { options }) => sum + options.limit, 0),
    claimants: alike,
  }));
}

/** The arguments of a claim. Tokens begin with the owner and go on with numbers after `tokens`. */
export function claimArguments(args: Arguments, { queue, limit, options }: Claim, owner: string, tokens: number): void {
  const { lockDuration, worker, limiter, finishing } = options;
  args.push(queue, limit, lockDuration, owner, tokens);
  if (worker === undefined && !limiter && !finishing) {
    args.push(0);
    return;
  }
  args.push(1);
  for (const wish of [worker, limiter?.max, limiter?.duration, finishingText(finishing)]) optional(args, wish);
}

/** The jobs that a script has taken. */
export function claimedBy(
  { queue, options: { worker, finishing } }: Claim,
  [, lastEvent, now, taken]: ClaimAnswer,
  prefix: string,
): readonly Claimed[] {
  const eventId = eventNumber(lastEvent);
  const wishes = finishingText(finishing);
  const claimed: Claimed[] = [];
  for (let i = 0; i < taken.length; i += 3) {
    const jobId = taken[i] as string;
    const values = taken[i + 2] as readonly (string | false)[];
    const place = { queue, id: jobId, state: 'active', due: undefined, eventId } as const;
    const job = claimedRecord(place, values, Number(now), prefix, worker);
    const lease: WishedLease = {
      queue,
      jobId,
      token: taken[i + 1] as string,
      attempts: attemptsOfPlain(job),
      finishing: wishes,
    };
    claimed.push({ job, lease });
  }
  return claimed;
}

function attemptsOfPlain({
  parent,
  stalledCounter,
  opts,
  deduplicationId,
  attemptsMade,
}: JobRecord): number | undefined {
  const isPlain =
    !parent && stalledCounter === 0 && !('removeOnComplete' in opts || 'removeOnFail' in opts || deduplicationId);
  return isPlain ? attemptsMade : undefined;
}

function finishingText(finishing: Finishing | undefined): string | undefined {
  if (!finishing) return undefined;
  const text = JSON.stringify(finishing);
  return text === '{}' ? undefined : text;
}
