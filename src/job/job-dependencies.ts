import type { ChildRecord } from '../engine/records.js';
import type { JobContext } from './job-context.js';

type Kind = 'processed' | 'unprocessed' | 'ignored' | 'failed';

/** Which of a job's children are asked for, and which part of them: `count` from `cursor` on. */
export interface DependenciesOptions extends Partial<
  Record<Kind, { readonly cursor?: number; readonly count?: number }>
> {}

/** A job's children by their keys, `<prefix>:<queue>:<id>`. */
export interface Dependencies<Value = any> {
  /** Those that have completed, with their results. */
  processed?: Record<string, Value>;
  /** Those that have not finished. */
  unprocessed?: string[];
  /** Those that have failed without failing the job, with the reasons. */
  ignored?: Record<string, string>;
  /** Those that have failed, and fail the job. */
  failed?: string[];
  /** Where the next part begins; 0: there is none. */
  nextProcessedCursor?: number;
  nextUnprocessedCursor?: number;
  nextIgnoredCursor?: number;
  nextFailedCursor?: number;
}

const nextCursor = {
  processed: 'nextProcessedCursor',
  unprocessed: 'nextUnprocessedCursor',
  ignored: 'nextIgnoredCursor',
  failed: 'nextFailedCursor',
} as const satisfies Record<Kind, keyof Dependencies>;

/** Without any of the four options: all children. */
export function dependenciesOf(
  context: JobContext,
  children: readonly ChildRecord[],
  options: DependenciesOptions,
): Dependencies {
  const dependencies: Dependencies = {};
  for (const kind of asked(options)) {
    const all = children.filter((child) => kindOf(child) === kind);
    const { cursor = 0, count = options[kind] ? 20 : all.length } = options[kind] ?? {};
    const part = all.slice(cursor, cursor + count);
    if (options[kind]) dependencies[nextCursor[kind]] = cursor + count < all.length ? cursor + count : 0;
    if (kind === 'processed') dependencies.processed = valuesOf(context, part);
    else if (kind === 'ignored') dependencies.ignored = reasonsOf(context, part);
    else dependencies[kind] = part.map((child) => keyOf(context, child));
  }
  return dependencies;
}

/** Without any of the four: of all. */
export function dependencyCounts(
  children: readonly ChildRecord[],
  options: Partial<Record<Kind, boolean>>,
): Partial<Record<Kind, number>> {
  return Object.fromEntries(
    asked(options).map((kind) => [kind, children.filter((child) => kindOf(child) === kind).length]),
  );
}

/** The results of children that have completed. */
export function valuesOf<Value>(context: JobContext, children: readonly ChildRecord[]): Record<string, Value> {
  return byKey(context, children, 'processed', ({ value }) => (context.payloads.decode(value) ?? null) as Value);
}

/** Why children have failed whose failure the job goes on in spite of. */
export function reasonsOf(context: JobContext, children: readonly ChildRecord[]): Record<string, string> {
  return byKey(context, children, 'ignored', ({ reason }) => reason ?? '');
}

function byKey<T>(
  context: JobContext,
  children: readonly ChildRecord[],
  kind: Kind,
  valueOf: (child: ChildRecord) => T,
): Record<string, T> {
  const own = children.filter((child) => kindOf(child) === kind);
  return Object.fromEntries(own.map((child) => [keyOf(context, child), valueOf(child)]));
}

function kindOf({ status, onFailure }: ChildRecord): Kind {
  if (status === 'completed') return 'processed';
  if (status === 'pending') return 'unprocessed';
  return onFailure === 'fail' ? 'failed' : 'ignored';
}

function asked(options: Partial<Record<Kind, unknown>>): readonly Kind[] {
  const all = Object.keys(nextCursor) as Kind[];
  const some = all.filter((kind) => options[kind]);
  return some.length > 0 ? some : all;
}

function keyOf(context: JobContext, { queue, id }: ChildRecord): string {
  return context.keyOf(queue, id);
}
