import type { ChildFailurePolicy, Checkpoint, JobRecord, JobState, ParentLink } from '../records.js';
import { jsonOf, optionsOf } from './stored-options.js';

/** What BullMQ's readers see as null. */
export const absent = ' null';

/** Where a job is, as a script answers it. */
export interface Place {
  readonly queue: string;
  readonly id: string;
  readonly state: JobState;
  readonly due: number | undefined;
  /** Number of the queue's last event. */
  readonly eventId: number;
}

/** A job of its hash: names and values in turn, as Redis answers them. BullMQ's names, and ours beside them. */
export function recordOf(place: Place, fields: readonly string[], prefix: string): JobRecord {
  const hash = new Map<string, string>();
  const saved = new Map<string, string>();
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.startsWith('ss:')) saved.set(name.slice('ss:'.length), fields[i + 1]!);
    else hash.set(name, fields[i + 1]!);
  }
  return {
    ...recordIn(place),
    name: hash.get('name') ?? '',
    data: hash.get('data'),
    opts: optionsOf(hash.get('opts')),
    timestamp: Number(hash.get('timestamp')),
    delay: Number(hash.get('delay') ?? 0),
    priority: Number(hash.get('priority') ?? 0),
    seq: seqOf(hash.get('sw')),
    attemptsMade: Number(hash.get('atm') ?? 0),
    attemptsStarted: Number(hash.get('ats') ?? 0),
    stalledCounter: Number(hash.get('stc') ?? 0),
    processedOn: numberOf(hash.get('processedOn')),
    finishedOn: numberOf(hash.get('finishedOn')),
    progress: hash.get('progress'),
    returnvalue: hash.get('returnvalue'),
    failedReason: hash.get('failedReason'),
    failedCode: hash.get('sc'),
    stacktrace: stacksOf(hash.get('stacktrace')),
    parent: parentOf(hash.get('parent'), hash.get('sp'), prefix),
    processedBy: hash.get('pb'),
    deferredFailure: hash.get('defa'),
    deduplicationId: hash.get('deid'),
    scheduler: hash.get('rjk'),
    returned: returnedOf(hash.get('sr')),
    checkpoint: checkpointOf(hash, saved),
  };
}

/**
 * A job that was just claimed: all of its hash, or of one to which nothing has happened what there may be, in the script's order.
 *
 * @param worker the name of the one that has claimed it
 */
export function claimedRecord(
  place: Place,
  values: readonly (string | false)[],
  now: number,
  prefix: string,
  worker: string | undefined,
): JobRecord {
  if (values.length % 2 === 0) return recordOf(place, values as readonly string[], prefix);
  const [name, data, text, timestamp, parent, group, scheduler, priority, deduplicationId] = values.map((value) =>
    value === false ? undefined : value,
  );
  return {
    ...recordIn(place),
    name: name ?? '',
    data,
    opts: optionsOf(text),
    timestamp: Number(timestamp),
    priority: Number(priority ?? 0),
    attemptsStarted: 1,
    processedOn: now,
    parent: parentOf(parent, group, prefix),
    processedBy: worker,
    deduplicationId,
    scheduler,
  };
}

/** A job to which nothing has happened. */
function recordIn({ queue, id, state, due, eventId }: Place): JobRecord {
  return {
    id,
    queue,
    name: '',
    data: undefined,
    opts: optionsOf(undefined),
    timestamp: 0,
    state,
    due,
    delay: 0,
    priority: 0,
    seq: 0,
    attemptsMade: 0,
    attemptsStarted: 0,
    stalledCounter: 0,
    processedOn: undefined,
    finishedOn: undefined,
    progress: undefined,
    returnvalue: undefined,
    failedReason: undefined,
    failedCode: undefined,
    stacktrace: noRows,
    parent: undefined,
    processedBy: undefined,
    deferredFailure: undefined,
    deduplicationId: undefined,
    scheduler: undefined,
    returned: undefined,
    checkpoint: undefined,
    eventId,
  };
}

const noRows: readonly string[] = [];

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

function stacksOf(text: string | undefined): readonly string[] {
  const stacks = jsonOf(text);
  return Array.isArray(stacks) ? stacks : noRows;
}

function parentOf(text: string | undefined, group: string | undefined, prefix: string): ParentLink | undefined {
  const parent = jsonOf(text) as Readonly<Record<string, unknown>> | undefined;
  if (!parent) return undefined;
  const queue = String(parent['queueKey']).slice(prefix.length + 1);
  return { queue, id: String(parent['id']), ...(group !== undefined && { group }), onFailure: policyOf(parent) };
}

function policyOf(parent: Readonly<Record<string, unknown>>): ChildFailurePolicy {
  return flags.find(([flag]) => parent[flag])?.[1] ?? 'wait';
}

/** BullMQ's, of which a child has one or none, in its hash. */
const flags = [
  ['fpof', 'fail'],
  ['cpof', 'continue'],
  ['idof', 'ignore'],
  ['rdof', 'remove'],
] as const satisfies readonly (readonly [flag: string, policy: ChildFailurePolicy])[];

/** By which the job's hash tells it. */
export function flagOf(policy: ChildFailurePolicy): string | undefined {
  return flags.find(([, each]) => each === policy)?.[0];
}

/** `sw` begins with it. */
function seqOf(lastWrite: string | undefined): number {
  return Number.parseInt(lastWrite ?? '0', 10);
}

function checkpointOf(hash: ReadonlyMap<string, string>, fields: ReadonlyMap<string, string>): Checkpoint | undefined {
  const cursor = hash.get('ss');
  if (cursor === undefined) return undefined;
  const seq = seqOf(hash.get('sw'));
  // `ab`: the number of the last write, and the attempts, when the store failed the job
  const [failedAt, attempts] = hash.get('ab')?.split(' ') ?? [];
  const written = { seq, cursor, fields };
  return Number(failedAt) === seq ? { ...written, attemptBase: Number(attempts) } : written;
}

/** `0`, or `1` and the result. */
function returnedOf(text: string | undefined): JobRecord['returned'] {
  if (text === undefined) return undefined;
  return { result: text.startsWith('1') ? text.slice(1) : undefined };
}
