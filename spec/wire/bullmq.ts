import * as newest from 'bullmq';
import * as oldest from 'bullmq-6.0';

/** The public face of BullMQ; of both versions, as far as the specs use it. */
export type BullMQ = typeof newest;

/** The newest version that speaks our layout, and the oldest; for `describe.each`. */
export const bullmqVersions: readonly (readonly [version: string, bullmq: BullMQ])[] = [
  ['6.7', newest],
  ['6.0', oldest as unknown as BullMQ],
];
