import { payload } from '../payload.js';
import type { Workload } from '../workload.js';
import { openApp, preload } from './open.js';

/** Bulks of a thousand, one after the other. */
export const run: Workload = async (stage, { size, bytes }) => {
  const app = openApp(stage.url);
  await preload(app.queue('connected'), 1, () => ({}));
  const data = payload(1, bytes);
  const figures = await stage.clock(size, async () => {
    await preload(app.queue('bulk'), size, () => data);
    await stage.holds('bulk', 'wait', size);
  });
  await app.close();
  return figures;
};
