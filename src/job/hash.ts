import { createHash } from 'node:crypto';

/** 22 characters of base64url: 128 bits of a SHA-256 over the parts, so written that no two lists of parts collide. */
export function hashOf(...parts: readonly (string | number)[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest().subarray(0, 16).toString('base64url');
}
