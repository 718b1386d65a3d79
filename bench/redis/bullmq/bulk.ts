import { payload } from '../payload.js';
import type { Workload } from '../workload.js';
import { openQueue, preload } from './open.js';

/** Bulks of a thousand, one after the other. */
export const run: Workload = async (stage, { size, bytes }) => {
  const queue = await openQueue(stage.url, 'bulk');
  const data = payload(1, bytes);
  const figures = await stage.clock(size, async () => {
    await preload(queue, size, () => data);
    await stage.holds('bulk', 'wait', size);
  });
  await queue.close();
  return figures;
};
