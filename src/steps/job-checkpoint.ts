import type { Checkpoint } from '../engine/records.js';
import type { JobView } from '../job/job-view.js';
import type { Payloads } from '../job/payloads.js';
import { cursorOf, type Cursor } from './cursor.js';
import { parseRecord } from './gate-record.js';
import { notBegun } from './progress.js';

/** A gate that a job has reached in this visit of its step. */
export interface SavedGate {
  /** Its operator, such as `delay`; absent of one that has a key. */
  readonly kind?: string;
  readonly key?: string;
  /** When it lets its values pass, in milliseconds since the epoch. */
  readonly due?: number;
  /** How many children it has added, or will have. */
  readonly children?: number;
  /** For how many of its items there is a result. */
  readonly items?: number;
}

/** Where a job of steps stands: what is saved of its progress. */
export interface JobCheckpoint {
  /** One life of the job, from its first step to its end; from 1. */
  readonly run: number;
  /** The step that it is in, or comes to next; absent when the last one has finished. */
  readonly step?: string;
  /** Entries into steps so far, this one included. */
  readonly visit: number;
  /** The last emission that was saved in this visit. */
  readonly saved?: unknown;
  /** Those that have come to a value, in the order of their places; those with keys last. */
  readonly gates: readonly SavedGate[];
  /** The last output of each finished step. */
  readonly outputs: Readonly<Record<string, unknown>>;
}

/**
 * Where a job of steps stood when it was read. `undefined`: it has not begun, has completed, or a function runs it.
 *
 * @throws CorruptPayloadError when what is stored can't be read
 * @example
 * ```ts
 * const job = await app.queue(OrderProcessor).getJob('17');
 * console.log(checkpointOf(job)?.step); // 'review'
 * ```
 */
export function checkpointOf(job: JobView): JobCheckpoint | undefined {
  return job.readCheckpoint((checkpoint, payloads) => {
    if (checkpoint.seq === 0) return undefined; // it has completed: its run counter is left
    const cursor = cursorOf(checkpoint, notBegun, 0);
    if (cursor.step === notBegun) return undefined;
    return publicCheckpoint(cursor, checkpoint, payloads);
  });
}

function publicCheckpoint(
  { run, step, visit, kinds = [] }: Cursor,
  { fields }: Checkpoint,
  payloads: Payloads,
): JobCheckpoint {
  const outputs = [...named(fields, 'o:')].map(([name, output]) => [name, payloads.decode(output)] as const);
  const gates = [...named(fields, 'g:')].toSorted(([a], [b]) => orderOf(a) - orderOf(b));
  return {
    run,
    ...(step !== undefined && { step }),
    visit,
    ...(fields.has('e') && { saved: payloads.decode(fields.get('e')) }),
    gates: gates.map(([id, record]) => savedGate(id, record, kinds, fields)),
    outputs: Object.fromEntries(outputs),
  };
}

function savedGate(id: string, text: string, kinds: readonly string[], fields: Checkpoint['fields']): SavedGate {
  const { due, children } = parseRecord(text);
  const items = [...named(fields, `i:${id}:`)].length;
  const kind = kinds[Number(id)];
  return {
    ...(kind !== undefined && { kind }),
    ...(id.startsWith('=') && { key: id.slice(1) }),
    ...(due !== undefined && { due }),
    ...(children !== undefined && { children }),
    ...(items > 0 && { items }),
  };
}

/** Gates with a key have no place. */
function orderOf(id: string): number {
  return id.startsWith('=') ? Infinity : Number(id);
}

/** The fields that begin so, by what follows. */
function* named(fields: Checkpoint['fields'], prefix: string): Iterable<readonly [name: string, text: string]> {
  for (const [field, text] of fields) if (field.startsWith(prefix)) yield [field.slice(prefix.length), text];
}
