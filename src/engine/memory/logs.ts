import type { Logs } from '../engine.js';
import { range } from './range.js';
import type { Store } from './store.js';
import type { StoredJob } from './stored-job.js';
import { proveNoOther } from './writing.js';

export function log(
  store: Store,
  queue: string,
  id: string,
  row: string,
  keep: number | undefined,
  token: string | undefined,
): number | undefined {
  const job = store.job(queue, id);
  if (!job) return undefined;
  proveNoOther(store, job, token);
  job.logs.push(row);
  keepLast(job, keep ?? job.opts.keepLogs ?? Infinity);
  return job.logs.length;
}

export function logs(store: Store, queue: string, id: string, start?: number, end?: number, ascending = true): Logs {
  const rows = store.job(queue, id)?.logs ?? [];
  return { logs: range(ascending ? rows : rows.toReversed(), start, end), count: rows.length };
}

export function clearLogs(store: Store, queue: string, id: string, keep: number): void {
  const job = store.job(queue, id);
  if (job) keepLast(job, keep);
}

function keepLast({ logs: rows }: StoredJob, count: number): void {
  rows.splice(0, rows.length - count);
}
