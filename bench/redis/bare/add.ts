import { inFlight } from '../in-flight.js';
import { payload } from '../payload.js';
import type { Workload } from '../workload.js';
import { keysOf, openBare } from './client.js';

/** Single adds, so many in flight; those of one turn of the event loop travel in one call. */
export const run: Workload = async (stage, { size, concurrency, bytes }) => {
  const redis = openBare(stage.url);
  const keys = keysOf('add');
  const data = payload(1, bytes);
  let payloads: string[] = [];
  let call: Promise<number> | undefined;
  const send = async (): Promise<number> => {
    await new Promise(setImmediate);
    const sent = payloads;
    payloads = [];
    call = undefined;
    return redis.addJobs(keys.length, ...keys, ...sent);
  };
  const add = (): Promise<number> => {
    payloads.push(JSON.stringify(data));
    return (call ??= send());
  };
  await redis.ping();
  const figures = await stage.clock(size, async () => {
    await inFlight(size, concurrency, add);
    await stage.holds('add', 'wait', size);
  });
  redis.disconnect();
  return figures;
};
