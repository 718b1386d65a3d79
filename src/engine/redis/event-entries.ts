import type { EngineEvent, JobRecord, JobState } from '../records.js';
import { entryBefore, eventNumber, eventTime } from './event-ids.js';
import { absent } from './stored-record.js';

/** An entry of a queue's stream of events. */
export type Entry = readonly [id: string, fields: readonly string[]];

/** The events of an entry: none that the port doesn't know; the last progress comes with the completion. */
export function eventsOf([streamId, fields]: Entry): readonly EngineEvent[] {
  const entry = new Map<string, string>();
  for (let i = 0; i < fields.length; i += 2) entry.set(fields[i]!, fields[i + 1]!);
  const event = eventOf(streamId, entry);
  if (!event) return [];
  const progress = event.type === 'completed' ? entry.get('progress') : undefined;
  if (progress === undefined) return [event];
  const { at, jobId } = event;
  return [{ type: 'progress', id: event.id - 1, entry: entryBefore(streamId), at, jobId, data: progress }, event];
}

/**
 * The event that says how a job stands that has come to its end, or is gone. It comes after all that was told before, and may tell
 * again what was told.
 */
export function endOf(jobId: string, entry: string, job: JobRecord | undefined, now: number): EngineEvent | undefined {
  const common = { id: Number.MAX_SAFE_INTEGER, entry, at: job?.finishedOn ?? now, jobId };
  if (!job) return { ...common, type: 'removed' };
  if (job.state === 'completed') return { ...common, type: 'completed', returnvalue: job.returnvalue };
  if (job.state !== 'failed') return undefined;
  return { ...common, type: 'failed', reason: job.failedReason ?? '', code: job.failedCode };
}

function eventOf(streamId: string, entry: ReadonlyMap<string, string>): EngineEvent | undefined {
  const of = (name: string): string => entry.get(name) ?? '';
  const prev = states.get(of('prev'));
  const common = {
    id: eventNumber(streamId),
    entry: streamId,
    at: eventTime(streamId),
    jobId: of('jobId'),
    ...(prev && { prev }),
  };
  const type = of('event') as EngineEvent['type'];
  switch (type) {
    case 'added':
      return { ...common, type, name: of('name') };
    case 'waiting':
    case 'active':
    case 'waiting-children':
    case 'stalled':
    case 'duplicated':
    case 'removed':
    case 'paused':
    case 'resumed':
    case 'drained':
      return { ...common, type };
    case 'progress':
      return { ...common, type, data: of('data') };
    case 'delayed':
      return { ...common, type, due: Number(of('delay')) };
    case 'completed': {
      const value = entry.get('returnvalue');
      return { ...common, type, returnvalue: value === absent ? undefined : value };
    }
    case 'failed':
      return { ...common, type, reason: of('failedReason'), code: entry.get('code') };
    case 'retries-exhausted':
      return { ...common, type, attemptsMade: Number(of('attemptsMade')) };
    case 'deduplicated': {
      const [deduplicationId, deduplicatedJobId] = [of('deduplicationId'), of('deduplicatedJobId')];
      return { ...common, type, deduplicationId, deduplicatedJobId };
    }
    case 'cleaned':
      return { ...common, type, count: Number(of('count')) };
    default: // whatever else a client tells
      return undefined;
  }
}

/** BullMQ's names of states, by which events tell them. */
const states: ReadonlyMap<string, JobState> = new Map([
  ['wait', 'waiting'],
  ['paused', 'waiting'],
  ...(
    ['waiting', 'prioritized', 'delayed', 'active', 'waiting-children', 'completed', 'failed'] satisfies JobState[]
  ).map((state) => [state, state] as const),
]);
