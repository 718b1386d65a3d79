import type { Backoff } from '../engine/records.js';
import { hashOf } from './hash.js';

/** Milliseconds to wait after attempt number `attempt`. Jitter is spread by the job's id, so that it is no dice. */
export function backoffOf(backoff: Backoff | undefined, attempt: number, jobId: string): number {
  if (backoff === undefined) return 0;
  if (typeof backoff === 'number') return backoff;
  const { type, delay = 0, jitter = 0 } = backoff;
  const full = type === 'exponential' ? delay * 2 ** (attempt - 1) : delay;
  return jitter === 0 ? full : Math.floor(full * (1 - jitter * fractionOf(jobId, attempt)));
}

/** A number from 0 up to 1. */
function fractionOf(jobId: string, attempt: number): number {
  return Buffer.from(hashOf(jobId, attempt), 'base64url').readUInt32BE(0) / 2 ** 32;
}
