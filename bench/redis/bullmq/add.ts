import { inFlight } from '../in-flight.js';
import { payload } from '../payload.js';
import type { Workload } from '../workload.js';
import { openQueue } from './open.js';

/** Single adds, so many in flight. */
export const run: Workload = async (stage, { size, concurrency, bytes }) => {
  const queue = await openQueue(stage.url, 'add');
  const data = payload(1, bytes);
  const figures = await stage.clock(size, async () => {
    await inFlight(size, concurrency, () => queue.add('job', data));
    await stage.holds('add', 'wait', size);
  });
  await queue.close();
  return figures;
};
