import type { Command } from './journal.js';
import type { JobKey } from './log-file.js';

/** A write of an activation that was committed. */
export interface CommittedWrite {
  readonly place: number;
  readonly seq: number;
  readonly token: string;
  /** The token of the lock at that moment. */
  readonly holder: string | undefined;
}

export interface Claim {
  readonly place: number;
  readonly token: string;
}

/** Something that happened to a job, as its queue's stream tells. */
export interface JobEvent {
  readonly place: number;
  /** What one script does is one transaction. */
  readonly transaction: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: string;
  readonly prev: string | undefined;
  /** When a delayed job is due. */
  readonly due: number | undefined;
  /** `stalled`: whose lease it was, and until when it would have lasted. */
  readonly lost: { readonly token: string; readonly until: number } | undefined;
}

/** What has become of a job. */
export interface JobHistory {
  readonly job: JobKey;
  name: string;
  data: string;
  parent: JobKey | undefined;
  readonly claims: Claim[];
  readonly writes: CommittedWrite[];
  readonly events: JobEvent[];
  /** Who holds it now, and who did last. */
  lock: { readonly holder: string | undefined; readonly token: string; readonly until: number } | undefined;
}

/** The jobs of one prefix. */
export type Histories = ReadonlyMap<JobKey, JobHistory>;

/** By prefix, what has become of each job, by the store's own journal. Places are numbers of commands. */
export function historiesOf(commands: Iterable<Command>): ReadonlyMap<string, Histories> {
  const histories = new Map<string, Map<JobKey, JobHistory>>();
  let place = 0;
  let transaction = 0;

  function of(prefix: string, job: JobKey): JobHistory {
    let jobs = histories.get(prefix);
    if (!jobs) histories.set(prefix, (jobs = new Map()));
    let history = jobs.get(job);
    if (!history) {
      history = { job, name: '', data: '', parent: undefined, claims: [], writes: [], events: [], lock: undefined };
      jobs.set(job, history);
    }
    return history;
  }

  function lockChanged(history: JobHistory, command: string, [value = '', , until]: Command): void {
    const { lock } = history;
    if (command === 'SET') {
      history.claims.push({ place, token: value });
      history.lock = { holder: value, token: value, until: Number(until) };
    } else if (command === 'PEXPIREAT') history.lock = lock && { ...lock, until: Number(value) };
    else history.lock = lock && { ...lock, holder: undefined };
  }

  function hashSet(history: JobHistory, fields: ReadonlyMap<string, string>): void {
    const name = fields.get('name');
    if (name !== undefined) {
      history.name = name;
      history.data = fields.get('data') ?? '';
      history.parent = fields.get('parentKey')?.replace(/^[^:]*:/, '');
    }
    // `sw`: number of the checkpoint, number of the write, the token that it was made with, its answer
    const words = fields.get('sw')?.split(' ');
    const token = words?.find((word) => /^\d+:[^:]+:\d+$/.test(word));
    if (!words || token === undefined) return;
    history.writes.push({ place, seq: Number(words[1]), token, holder: history.lock?.holder });
  }

  function told(prefix: string, queue: string, id: string, fields: ReadonlyMap<string, string>): void {
    const [type, jobId, delay] = [fields.get('event')!, fields.get('jobId'), fields.get('delay')];
    if (jobId === undefined) return;
    const history = of(prefix, `${queue}:${jobId}`);
    history.events.push({
      place,
      transaction,
      at: Number(id.slice(0, id.indexOf('-'))),
      type,
      prev: fields.get('prev'),
      due: delay === undefined ? undefined : Number(delay),
      lost: type === 'stalled' ? history.lock : undefined,
    });
  }

  for (const [command = '', ...args] of commands) {
    place++;
    if (command === 'MULTI') transaction++;
    for (const key of command === 'DEL' || command === 'UNLINK' ? args : args.slice(0, 1)) {
      const [, prefix = '', queue = '', id = '', part] = /^([^:]+):([^:]+):([^:]+)(:lock)?$/.exec(key) ?? [];
      if (prefix === '') continue; // of no job
      if (part) lockChanged(of(prefix, `${queue}:${id}`), command, args.slice(1));
      else if (command === 'HSET') hashSet(of(prefix, `${queue}:${id}`), fieldsOf(args.slice(1)));
      else if (command === 'XADD' && id === 'events') told(prefix, queue, args[1]!, fieldsOf(args.slice(2)));
    }
  }
  // other hashes of a queue, as its `meta`, are no jobs
  for (const jobs of histories.values()) for (const { job, name } of jobs.values()) if (name === '') jobs.delete(job);
  return histories;
}

function fieldsOf(pairs: Command): ReadonlyMap<string, string> {
  const fields = new Map<string, string>();
  for (let i = 0; i < pairs.length; i += 2) fields.set(pairs[i]!, pairs[i + 1]!);
  return fields;
}
