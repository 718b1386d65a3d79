/** Queue, processor, step, job and gate-key names: what can forge no key of the store and no pattern. */
const allowed = /^[\w.\-/#]{1,128}$/;

export const nameRule = 'a name has 1 to 128 letters, digits, or _ . - / #';

export function isName(value: unknown): value is string {
  return typeof value === 'string' && allowed.test(value);
}

export const prefixRule = `a name, which may hold one {hash tag}; ${nameRule}`;

/** It may hold one `{hash tag}`, which keeps its keys on one node of a cluster. */
export function isPrefix(value: unknown): value is string {
  return (
    typeof value === 'string' &&
    value.length <= 128 &&
    /^[\w.\-/#]*(\{[\w.\-/#]+\}[\w.\-/#]*)?$/.test(value) &&
    value !== ''
  );
}

/** Names that the store's own keys of a queue have, in BullMQ's layout: a job of such an id would overwrite them. */
const taken = new Set([
  'active',
  'completed',
  'delayed',
  'events',
  'failed',
  'id',
  'limiter',
  'marker',
  'meta',
  'paused',
  'pc',
  'prioritized',
  'repeat',
  'stalled',
  'stalled-check',
  'wait',
  'waiting-children',
]);

/** Whether a job may have it as an id of its own: integers are the queue's. */
export function isJobId(value: unknown): value is string {
  return isName(value) && !/^-?\d+$/.test(value) && !taken.has(value);
}
