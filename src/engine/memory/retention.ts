import type { KeepJobs } from '../records.js';
import type { StoredJob } from './stored-job.js';

/**
 * The finished jobs that are not kept any more.
 *
 * @param finished in the order in which they finished
 * @param option `removeOnComplete` or `removeOnFail` of the job that has finished last
 */
export function surplus(
  finished: ReadonlySet<StoredJob>,
  option: boolean | number | KeepJobs | undefined,
  now: number,
): readonly StoredJob[] {
  if (option === undefined || option === false) return [];
  const { age = Infinity, count = Infinity } = limitsOf(option);
  const oldest = now - age * 1000;
  const surplus: StoredJob[] = [];
  for (const job of finished) {
    if (finished.size - surplus.length <= count && job.finishedOn! > oldest) break;
    surplus.push(job);
  }
  return surplus;
}

function limitsOf(option: true | number | KeepJobs): KeepJobs {
  if (option === true) return { count: 0 };
  return typeof option === 'number' ? { count: option } : option;
}
