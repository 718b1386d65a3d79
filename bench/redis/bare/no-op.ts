import { thousands } from '../in-flight.js';
import type { Workload } from '../workload.js';
import { keysOf, openBare } from './client.js';

/** At most so many jobs a call, and two calls at least, so that Redis and this process both have something to do. */
const perCall = 100;

/** Jobs that do nothing, added before the clock starts. */
export const run: Workload = async (stage, { size, concurrency }) => {
  const redis = openBare(stage.url);
  const keys = keysOf('no-op');
  for (const bulk of thousands(size)) {
    await redis.addJobs(keys.length, ...keys, ...bulk.map((n) => JSON.stringify({ n })));
  }
  const lanes = Math.max(2, Math.ceil(concurrency / perCall));
  const process = async (data: { readonly n: number }): Promise<number> => data.n;
  const lane = async (): Promise<void> => {
    let ends: string[] = [];
    do {
      const jobs = await redis.turnJobs(keys.length, ...keys, Math.floor(concurrency / lanes), Date.now(), ...ends);
      ends = [];
      for (let at = 0; at < jobs.length; at += 2) {
        ends.push(jobs[at]!, JSON.stringify(await process(JSON.parse(jobs[at + 1]!) as { readonly n: number })));
      }
    } while (ends.length > 0);
  };
  const figures = await stage.clock(size, async () => {
    await Promise.all(Array.from({ length: lanes }, lane));
    await stage.holds('no-op', 'completed', size);
  });
  redis.disconnect();
  return figures;
};
