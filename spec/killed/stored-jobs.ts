import type { Redis } from 'ioredis';
import type { JobKey } from './log-file.js';

/** What is in the store, in BullMQ's layout, read by plain commands. */
export interface StoredJobs {
  /** The results of the completed ones. */
  readonly results: ReadonlyMap<JobKey, unknown>;
  /** What nobody needs once all jobs are completed: keys, those of jobs on their way too, and fields of their checkpoints. */
  readonly leftovers: readonly string[];
}

/** What stays of a queue; of a job, its hash and its children's results. */
const kept = /^(id|meta|events|marker|completed|pc)$/;
/** What says for a while whether a call has been carried out. */
const receipt = /^:(receipt|claims|adds):/;

export async function readStoredJobs(redis: Redis, prefix: string, queues: readonly string[]): Promise<StoredJobs> {
  const results = new Map<JobKey, unknown>();
  const leftovers: string[] = [];
  for (const queue of queues) {
    const ids = await redis.zrange(`${prefix}:${queue}:completed`, '0', '-1');
    const hashes = await Promise.all(ids.map((id) => redis.hgetall(`${prefix}:${queue}:${id}`)));
    for (const [index, hash] of hashes.entries()) {
      const job = `${queue}:${ids[index]}`;
      results.set(job, JSON.parse(hash['returnvalue'] ?? 'null'));
      for (const field of Object.keys(hash)) if (/^ss:|^sa$/.test(field)) leftovers.push(`${job}, field ${field}`);
    }
  }
  for await (const keys of redis.scanStream({ match: `${prefix}:*`, count: 1_000 })) {
    for (const key of keys as string[]) {
      const name = key.slice(prefix.length + 1);
      if (receipt.test(name)) {
        if ((await redis.pttl(key)) === -1) leftovers.push(`${key}, which lasts for ever`);
        continue;
      }
      const isKept = kept.test(name.slice(name.indexOf(':') + 1)) || results.has(name.replace(/:processed$/, ''));
      if (!isKept) leftovers.push(key);
    }
  }
  return { results, leftovers };
}
