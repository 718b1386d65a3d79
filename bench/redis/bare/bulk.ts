import { thousands } from '../in-flight.js';
import { payload } from '../payload.js';
import type { Workload } from '../workload.js';
import { keysOf, openBare } from './client.js';

/** Bulks of a thousand, one after the other. */
export const run: Workload = async (stage, { size, bytes }) => {
  const redis = openBare(stage.url);
  const keys = keysOf('bulk');
  const data = payload(1, bytes);
  await redis.ping();
  const figures = await stage.clock(size, async () => {
    for (const bulk of thousands(size))
      await redis.addJobs(keys.length, ...keys, ...bulk.map(() => JSON.stringify(data)));
    await stage.holds('bulk', 'wait', size);
  });
  redis.disconnect();
  return figures;
};
