import type { Engine, JobOptions, JobRecord, JobState } from '../index.js';

type Child = Awaited<ReturnType<Engine['children']>>[number];

/** A child of a stored job: how it stands for its parent, and, as long as it is in the store, the job itself. */
export interface StoredChild extends Child {
  readonly job?: StoredJob;
}

/**
 * A job as a store has it, to be kept as a JSON fixture: `JSON.stringify(job.save())`. Payloads (`data`, `returnvalue`, the
 * checkpoint's fields) are the store's text.
 */
export interface StoredJob {
  readonly queue: string;
  readonly id: string;
  readonly name: string;
  readonly data?: string | undefined;
  readonly opts: JobOptions;
  readonly timestamp: number;
  readonly state: JobState;
  readonly attemptsMade: number;
  /** When a delayed job is due, in milliseconds since the epoch. */
  readonly due?: number | undefined;
  readonly returnvalue?: string | undefined;
  readonly failedReason?: string | undefined;
  readonly failedCode?: string | undefined;
  /** When it was saved, in milliseconds since the epoch: the bed that loads it must not begin earlier. */
  readonly at: number;
  readonly checkpoint?:
    { readonly seq: number; readonly cursor: string; readonly fields: Readonly<Record<string, string>> } | undefined;
  readonly children?: readonly StoredChild[];
}

/** A record and its children as a fixture. */
export function storedJob(record: JobRecord, children: readonly StoredChild[], at: number): StoredJob {
  const { queue, id, name, data, opts, timestamp, state, attemptsMade, due, returnvalue, failedReason, failedCode } =
    record;
  const { checkpoint } = record;
  return {
    queue,
    id,
    name,
    data,
    opts,
    timestamp,
    state,
    attemptsMade,
    due,
    returnvalue,
    failedReason,
    failedCode,
    at,
    ...(checkpoint && { checkpoint: { ...checkpoint, fields: Object.fromEntries(checkpoint.fields) } }),
    ...(children.length > 0 && { children }),
  };
}

/**
 * Takes a job out of a store as a fixture, its children too. Changes nothing there.
 *
 * @throws Error when the store doesn't have it
 * @example
 * ```ts
 * const stored = await saveJob(app.engine, 'orders', '17');
 * await writeFile('spec/in-flight/order-17.json', JSON.stringify(stored, undefined, 2));
 * ```
 */
export async function saveJob(engine: Engine, queue: string, id: string): Promise<StoredJob> {
  const record = await engine.get(queue, id);
  if (!record) throw new Error(`queue ${queue} has no job ${id}`);
  const children = await Promise.all(
    (await engine.children(queue, id)).map(async (child) =>
      (await engine.get(child.queue, child.id))
        ? { ...child, job: await saveJob(engine, child.queue, child.id) }
        : child,
    ),
  );
  return storedJob(record, children, Math.floor(engine.clock.now()));
}

/** The same from an engine that answers at once. */
export function saveJobNow(engine: Engine, queue: string, id: string): StoredJob {
  const record = engine.get(queue, id) as JobRecord | undefined;
  if (!record) throw new Error(`queue ${queue} has no job ${id}`);
  const children = (engine.children(queue, id) as readonly Child[]).map((child) =>
    engine.get(child.queue, child.id) ? { ...child, job: saveJobNow(engine, child.queue, child.id) } : child,
  );
  return storedJob(record, children, Math.floor(engine.clock.now()));
}
