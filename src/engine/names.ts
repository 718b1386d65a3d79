/** Queue, processor, step, job and gate-key names: what can forge no key of the store and no pattern. */
const allowed = /^[\w.\-/#]{1,128}$/;

export const nameRule = 'a name has 1 to 128 letters, digits, or _ . - / #';

export function isName(value: unknown): value is string {
  return typeof value === 'string' && allowed.test(value);
}
