import type { Waiting } from '../engine.js';
import type { Failure, Lease, NewJob, ParentLink, Payload, Write } from '../records.js';
import { optionsText } from './stored-options.js';
import { flagOf } from './stored-record.js';

/** Arguments of a script, in the order in which it takes them. */
export type Arguments = (string | number)[];

/** A lease of a job that is claimed. */
export interface RedisLease extends Lease {
  /** The job's attempts, when it has neither parent nor deduplication, never stalled, and is kept: a plain one is written to faster. */
  readonly attempts?: number | undefined;
}

export function jobArguments(args: Arguments, jobs: readonly NewJob[], prefix: string): void {
  for (const job of jobs) oneJob(args, job, prefix);
}

function oneJob(args: Arguments, job: NewJob, prefix: string): void {
  const { queue, name, data, opts, timestamp, parent } = job;
  const { delay = 0, priority = 0 } = opts;
  args.push(queue, name);
  optional(args, data);
  args.push(optionsText(opts), timestamp, delay, priority, traitsOf(job));
  optional(args, job.id ?? opts.jobId);
  optional(args, parent?.queue);
  if (!parent) return;
  args.push(parent.id, parentText(parent, prefix), parent.onFailure);
  optional(args, parent.group);
}

/** What few jobs have, a letter each. */
function traitsOf({ opts: { lifo, deduplication }, hasChildren }: NewJob): string {
  return (lifo ? 'l' : '') + (deduplication ? 'd' : '') + (hasChildren ? 'c' : '');
}

/** BullMQ's workers look for the flag in the child's hash. */
function parentText({ queue, id, onFailure }: ParentLink, prefix: string): string {
  const flag = flagOf(onFailure);
  return JSON.stringify({ id, queueKey: `${prefix}:${queue}`, ...(flag && { [flag]: true }) });
}

/** The arguments of a write, but for its kind before and what that needs after them. */
export function writeArguments(
  args: Arguments,
  { queue, jobId, token, attempts }: RedisLease,
  { seq, cursor, fields, progress, children }: Write,
  prefix: string,
): void {
  args.push(queue, jobId, token, String(seq), attempts ?? '', progress === undefined ? 0 : 1, 0);
  const count = args.length;
  if (cursor !== undefined) args.push('ss', cursor);
  let removed: string[] | undefined;
  fields?.forEach((value, field) => {
    if (value === null) (removed ??= []).push(`ss:${field}`);
    else args.push(`ss:${field}`, value);
  });
  if (progress !== undefined) args.push('progress', progress); // the last of them
  args[count - 1] = args.length - count;
  if (removed) args.push(removed.length, ...removed);
  else args.push(0);
  args.push(children?.length ?? 0);
  if (children) jobArguments(args, children, prefix);
}

export function optional(args: Arguments, value: string | number | undefined): void {
  if (value === undefined) args.push(0);
  else args.push(1, value);
}

export function waitingArguments({ groups = [], all, due }: Waiting): Arguments {
  const args: Arguments = [groups.length, ...groups];
  optional(args, all && luaNumber(all.failuresSeen));
  optional(args, due);
  return args;
}

export function completeArguments(result: Payload | undefined, failuresSeen: number): Arguments {
  return result === undefined ? [0, luaNumber(failuresSeen)] : [1, result, luaNumber(failuresSeen)];
}

export function failArguments({ reason, code, stack }: Failure, retryAt: number | undefined): Arguments {
  const args: Arguments = [reason];
  for (const each of [code, stack, retryAt]) optional(args, each);
  return args;
}

function luaNumber(value: number): string {
  return value === Infinity ? 'inf' : String(value);
}
