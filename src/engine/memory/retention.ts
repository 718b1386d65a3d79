import type { Finishing } from '../engine.js';
import type { KeepJobs } from '../records.js';
import type { StoredJob } from './stored-job.js';

/**
 * The finished jobs that needn't be kept any more, now that one has finished: `removeOnComplete` or `removeOnFail` of that
 * one tells, else its worker. One that isn't to be kept itself leaves the others alone.
 *
 * @param finished the jobs in its state, in the order in which they finished
 */
export function surplus(
  job: StoredJob,
  finished: ReadonlySet<StoredJob>,
  now: number,
  finishing: Finishing = {},
): readonly StoredJob[] {
  const option = job.state === 'completed' ? 'removeOnComplete' : 'removeOnFail';
  const { age = Infinity, count = Infinity, limit = Infinity } = limitsOf(job.opts[option] ?? finishing[option]);
  if (count === 0) return [job];
  const oldest = now - age * 1_000;
  const old: StoredJob[] = [];
  for (const each of finished) {
    if (old.length >= limit || (finished.size - old.length <= count && each.finishedOn! > oldest)) break;
    old.push(each);
  }
  return old;
}

function limitsOf(option: boolean | number | KeepJobs | undefined): KeepJobs {
  if (typeof option === 'object') return option;
  if (typeof option === 'number') return { count: option };
  return option === true ? { count: 0 } : {};
}
