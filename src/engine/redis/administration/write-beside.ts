import { LeaseLostError } from '../../../errors.js';
import { optional, type Arguments } from '../arguments.js';
import type { Script } from '../script.js';
import type { Store } from '../store.js';

/**
 * Writes to a job beside its checkpoint, for an activation if there is a token. Answers what the script answers beside, or
 * `undefined` when there is no such job.
 *
 * @throws LeaseLostError when another activation holds the job
 */
export async function writeBeside(
  store: Store,
  script: Script,
  [queue, id, token]: readonly [queue: string, id: string, token: string | undefined],
  more: Arguments,
): Promise<readonly unknown[] | undefined> {
  const args: Arguments = [queue, id];
  optional(args, token);
  const [done, ...answer] = await store.once(script, [...args, ...more]);
  if (done === -1) {
    throw new LeaseLostError(`another activation holds job ${id} of queue ${queue}: nothing was written`);
  }
  return done === 1 ? answer : undefined;
}
