import { isPromise, type Awaitable } from '../engine/awaitable.js';
import { steadyTime } from '../engine/clock.js';
import type { NewJob } from '../engine/records.js';
import { keys, operation } from './attributes.js';
import { seconds, typeOf, type Observers } from './observed.js';
import type { Span } from './telemetry.js';

/**
 * Jobs are added in a span that they take along: one for all that come in one write, named by the queue of the first, which
 * of a flow is the topmost.
 *
 * @param parent default: the span that is active
 */
export function adding<A>(
  to: Observers,
  jobs: readonly NewJob[],
  parent: Span | undefined,
  send: (jobs: readonly NewJob[]) => Awaitable<A>,
): Awaitable<A> {
  const [first] = jobs;
  if (!first) return detached(to, () => send(jobs));
  const { clock, tracing, metrics } = to;
  const begun = steadyTime(clock);
  const sending = operation('add', 'send', first.queue);
  const what = jobs.length > 1 ? { [keys.batchCount]: jobs.length } : { [keys.jobName]: first.name };
  const span = tracing?.start({
    name: `add ${first.queue}`,
    kind: 'producer',
    attributes: { ...sending, ...what },
    parent,
  });
  const ended = (failure: unknown, answer?: unknown): void => {
    const how = typeOf(failure);
    metrics?.record('messaging.client.operation.duration', seconds(begun, clock), { ...sending, ...how });
    for (const [queue, count] of countsByQueue(jobs)) {
      metrics?.count('messaging.client.sent.messages', count, { ...operation('add', 'send', queue), ...how });
    }
    // what `add` answers are ids; a write that has children with it answers something else
    const id: unknown = jobs.length === 1 && Array.isArray(answer) ? answer[0] : undefined;
    span?.end(typeof id === 'string' ? { [keys.messageId]: id } : how, failure);
  };
  const metadata = span?.metadata;
  const all = metadata === undefined ? jobs : jobs.map((job) => withMetadata(job, metadata));
  return watched(
    () => detached(to, () => send(all)),
    (answer) => ended(undefined, answer),
    ended,
  );
}

/** What the engine does is part of no span: it serves several jobs at once. */
export function detached<T>({ tracing }: Observers, call: () => T): T {
  return tracing ? tracing.detached(call) : call();
}

/** Hands on what a call answers, and tells of it first. */
export function watched<T>(
  call: () => Awaitable<T>,
  done: (answer: T) => void,
  failed: (error: unknown) => void,
): Awaitable<T> {
  let answer: Awaitable<T>;
  try {
    answer = call();
  } catch (error) {
    failed(error);
    throw error;
  }
  if (isPromise(answer)) void answer.then(done, failed);
  else done(answer);
  return answer;
}

/** A job that brings a context of its own keeps it, as in BullMQ's bulks. */
function withMetadata(job: NewJob, metadata: string): NewJob {
  const { telemetry } = job.opts;
  if (telemetry?.metadata !== undefined || telemetry?.omitContext) return job;
  return { ...job, opts: { ...job.opts, telemetry: { metadata } } };
}

function countsByQueue(jobs: readonly NewJob[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { queue } of jobs) counts.set(queue, (counts.get(queue) ?? 0) + 1);
  return counts;
}
