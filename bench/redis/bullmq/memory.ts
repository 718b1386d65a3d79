import type { Workload } from '../workload.js';
import { run as runNoOp } from './no-op.js';

/** What completed jobs, which both sides keep, leave in Redis. */
export const run: Workload = async (stage, load) => {
  const before = await stage.usedMemory();
  await runNoOp(stage, load);
  return { bytes: ((await stage.usedMemory()) - before) / load.size };
};
