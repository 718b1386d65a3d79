import type { ChildFailurePolicy, Checkpoint, JobOptions, JobRecord, JobState, ParentLink } from '../records.js';

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
    checkpoint: checkpointOf(hash.get('ss'), hash.get('sw'), saved),
  };
}

/** A job that was just claimed: all of its hash, or of one that was never started what there may be, in the script's order. */
export function claimedRecord(
  place: Place,
  values: readonly (string | false)[],
  now: number,
  prefix: string,
): JobRecord {
  if (values.length % 2 === 0) return recordOf(place, values as readonly string[], prefix);
  const [, name, data, opts, timestamp, started, parent, group] = values.map((value) =>
    value === false ? undefined : value,
  );
  return {
    ...recordIn(place),
    name: name ?? '',
    data,
    opts: optionsOf(opts),
    timestamp: Number(timestamp),
    attemptsStarted: Number(started),
    processedOn: now,
    parent: parentOf(parent, group, prefix),
  };
}

/** The scheduler that a claimed job comes of, if it does; `values` as for {@link claimedRecord}. */
export function schedulerOf(values: readonly (string | false)[]): string | undefined {
  if (values.length % 2 === 1) return values[9] || undefined;
  for (let i = 0; i < values.length; i += 2) if (values[i] === 'rjk') return values[i + 1] as string;
  return undefined;
}

/** A job to which nothing has happened. */
function recordIn({ queue, id, state, due, eventId }: Place): JobRecord {
  return {
    id,
    queue,
    name: '',
    data: undefined,
    opts: noOptions,
    timestamp: 0,
    state,
    due,
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
    checkpoint: undefined,
    eventId,
  };
}

const noOptions: JobOptions = Object.freeze({});
const noRows: readonly string[] = [];

function numberOf(text: string | undefined): number | undefined {
  return text === undefined ? undefined : Number(text);
}

/** What can't be read is as good as not there: another client wrote it. */
function jsonOf(text: string | undefined): unknown {
  if (text === undefined) return undefined;
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function optionsOf(text: string | undefined): JobOptions {
  if (text === undefined || text === '{}') return noOptions;
  const options = jsonOf(text);
  return typeof options === 'object' && options !== null ? Object.freeze(options) : noOptions;
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
  if (parent['cpof']) return 'continue';
  return parent['idof'] || parent['rdof'] ? 'ignore' : 'fail';
}

/** `sw` begins with the checkpoint's number. */
function checkpointOf(
  cursor: string | undefined,
  lastWrite: string | undefined,
  fields: ReadonlyMap<string, string>,
): Checkpoint | undefined {
  if (cursor === undefined) return undefined;
  return { seq: Number.parseInt(lastWrite ?? '0', 10), cursor, fields };
}
