import type { QueueJobJson } from '@bull-board/api/typings/app';
import { checkpointOf, type Job, type JobCheckpoint, type SavedGate } from '../index.js';

/** How much is shown of a job: `all` on its own page, `some` in lists, which are asked for every few seconds. */
export type Detail = 'all' | 'some';

/**
 * What bull-board shows as a job's progress: of a function's job what it has told, 0 if nothing, as BullMQ has it; of a job of
 * steps where it stands.
 */
export function boardProgress(job: Job, detail: Detail): QueueJobJson['progress'] {
  const place = readable(() => placeOf(job, detail));
  const last: QueueJobJson['progress'] | undefined = readable(() => job.progress) ?? undefined;
  if (place === undefined || typeof place === 'string') return place ?? last ?? 0;
  return { ...place, ...(last !== undefined && { last }) };
}

/** Where a job of steps stands. */
function placeOf(job: Job, detail: Detail): object | undefined {
  const checkpoint = checkpointOf(job);
  return checkpoint && shown(checkpoint, detail);
}

function shown({ step, visit, run, gates, outputs }: JobCheckpoint, detail: Detail): object {
  return {
    step: step ?? 'all steps have finished',
    visit,
    ...(run > 1 && { run }),
    ...(gates.length > 0 && { gates: gates.map(shownGate) }),
    ...(detail === 'all' && Object.keys(outputs).length > 0 && { outputs }),
  };
}

function shownGate({ due, ...gate }: SavedGate): object {
  return due === undefined ? gate : { ...gate, due: new Date(due).toISOString() };
}

/** What is stored; instead of what can't be decoded here, as another codec has made it, why: the page is to show the rest. */
export function readable<T>(read: () => T): T | string {
  try {
    return read();
  } catch (error) {
    return `unreadable here: ${(error as Error).message}`;
  }
}
