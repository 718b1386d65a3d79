import type { ChildRecord } from '../engine/records.js';
import { ChildFailedError } from '../errors.js';

export function childFailed({ queue, id, reason }: ChildRecord): ChildFailedError {
  return new ChildFailedError(`child ${id} of queue ${queue} failed: ${reason}`);
}
