import type { Waiting } from '../engine.js';
import type { Failure, Lease, NewJob, ParentLink, Payload, Write } from '../records.js';

/** Arguments of a script, in the order in which it takes them. */
export type Arguments = (string | number)[];

/** BullMQ's flags, which its workers read from a child's hash. */
const flagOf = { fail: 'fpof', continue: 'cpof', ignore: 'idof' } as const;

/** Turns what the port is given into the scripts' arguments. */
export class Packing {
  readonly #prefix: string;

  constructor(prefix: string) {
    this.#prefix = prefix;
  }

  jobs(args: Arguments, jobs: readonly NewJob[]): void {
    args.push(jobs.length);
    for (const job of jobs) this.#job(args, job);
  }

  write(args: Arguments, { queue, jobId, token }: Lease, { seq, cursor, fields, progress, children }: Write): void {
    args.push(queue, jobId, token, String(seq));
    const set: string[] = cursor === undefined ? [] : ['ss', cursor];
    const removed: string[] = [];
    fields?.forEach((value, field) => {
      if (value === null) removed.push(`ss:${field}`);
      else set.push(`ss:${field}`, value);
    });
    args.push(set.length, ...set, removed.length, ...removed);
    optional(args, progress);
    this.jobs(args, children ?? []);
  }

  #job(args: Arguments, { queue, name, data, opts, timestamp, parent }: NewJob): void {
    const { delay = 0, priority = 0, lifo = false, jobId } = opts;
    args.push(queue, name);
    optional(args, data);
    args.push(JSON.stringify(opts), timestamp, delay, priority, lifo ? 1 : 0);
    optional(args, jobId);
    optional(args, parent?.queue);
    if (!parent) return;
    args.push(parent.id, this.#parentText(parent), parent.onFailure);
    optional(args, parent.group);
  }

  #parentText({ queue, id, onFailure }: ParentLink): string {
    return JSON.stringify({ id, queueKey: `${this.#prefix}:${queue}`, [flagOf[onFailure]]: true });
  }
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
  const args: Arguments = [];
  optional(args, result);
  args.push(luaNumber(failuresSeen));
  return args;
}

export function failArguments({ reason, code, stack }: Failure, retryAt: number | undefined): Arguments {
  const args: Arguments = [reason];
  for (const each of [code, stack, retryAt]) optional(args, each);
  return args;
}

function luaNumber(value: number): string {
  return value === Infinity ? 'inf' : String(value);
}
