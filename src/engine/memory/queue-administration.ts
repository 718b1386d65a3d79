import type { Administration } from '../admin.js';
import type { JobState } from '../records.js';
import { promote, retry, type JobAdministration } from './job-administration.js';
import type { QueueState } from './queue-state.js';
import { range } from './range.js';
import { clean, drain, obliterate } from './removing.js';
import { recordOf as recordOfScheduler, removeScheduler, upsertScheduler } from './schedulers.js';
import type { Store } from './store.js';
import { recordOf, type StoredJob } from './stored-job.js';

const states = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'waiting-children',
  'completed',
  'failed',
] as const satisfies readonly JobState[];

type QueueAdministration = Omit<Administration, keyof JobAdministration>;

/** What is done to a queue from outside. */
export function queueAdministration(store: Store): QueueAdministration {
  const now = (): number => store.clock.now();
  return {
    pause(name) {
      const queue = store.queue(name);
      queue.isPaused = true;
      queue.events.emit('', { type: 'paused' });
    },

    resume(name) {
      const queue = store.queue(name);
      queue.isPaused = false;
      queue.events.emit('', { type: 'resumed' });
      queue.watchers.wake();
    },

    queues: () => store.queueNames(),

    counts(name) {
      const counts = Object.fromEntries(states.map((state) => [state, 0])) as Record<JobState, number>;
      for (const job of store.queue(name).jobs.values()) counts[job.state]++;
      return counts;
    },

    countsPerPriority(name, priorities) {
      const ready = inOrder(store.queue(name), 'waiting', 'prioritized');
      return priorities.map((priority) => ready.filter((job) => job.priority === priority).length);
    },

    list(name, state, start, end, reversed = false) {
      const queue = store.queue(name);
      const jobs = inOrder(queue, state);
      return range(reversed ? jobs.toReversed() : jobs, start, end).map((job) => recordOf(job, queue.events.lastId));
    },

    clean: (queue, state, age, limit) => clean(store, queue, state, age, limit),
    drain: (queue, delayed) => drain(store, queue, delayed),
    obliterate: (queue, force) => obliterate(store, queue, force),

    retryAll: (name, state, until, limit) =>
      [...store.queue(name).finished[state]]
        .filter((job) => job.finishedOn! <= until)
        .slice(0, limit)
        .filter((job) => retry(store, job)).length,

    promoteAll: (name, limit) =>
      inOrder(store.queue(name), 'delayed')
        .slice(0, limit)
        .filter((job) => promote(store, job)).length,

    // --- limits ---

    settings(name) {
      const { isPaused, limits } = store.queue(name);
      return {
        paused: isPaused,
        concurrency: limits.concurrency,
        rateLimit: limits.rate,
        maxLenEvents: 0,
        version: undefined,
      };
    },

    setConcurrency(name, concurrency) {
      const queue = store.queue(name);
      queue.limits.concurrency = concurrency;
      queue.watchers.wake();
    },

    setRateLimit(name, rateLimit) {
      const queue = store.queue(name);
      queue.limits.rate = rateLimit && { ...rateLimit };
      queue.watchers.wake();
    },

    rateLimit(name, ms) {
      const queue = store.queue(name);
      queue.limits.block(ms, now());
      queue.watchers.arm();
    },

    rateLimitTtl: (name, max) => store.queue(name).limits.ttl(max, now()),

    removeRateLimit(name) {
      const queue = store.queue(name);
      queue.watchers.wake();
      return queue.limits.unblock(now());
    },

    // --- what is noted ---

    metrics: (name, type, start, end) => store.queue(name).metrics[type].read(start, end),

    // who listens may be anybody: only those who watch are known for what they are
    clients: (name, kind) =>
      kind === 'events'
        ? []
        : store
            .queue(name)
            .watchers.list()
            .map(({ id, since }) => ({
              id: String(id),
              addr: 'embedded',
              name,
              age: String(Math.floor((now() - since) / 1_000)),
            })),

    info: () => undefined,

    deduplicationJob: (name, id) => store.queue(name).deduplications.holder(id),
    removeDeduplication: (name, id, jobId) => store.queue(name).deduplications.free(id, jobId),

    trimEvents: () => 0,

    // --- job schedulers ---

    upsertScheduler: (name, scheduler) => upsertScheduler(store, store.queue(name), scheduler),

    scheduler(name, id) {
      const scheduler = store.queue(name).schedulers.get(id);
      return scheduler && recordOfScheduler(scheduler);
    },

    schedulers(name, start, end, ascending) {
      const sorted = [...store.queue(name).schedulers.values()].toSorted((a, b) => a.next - b.next);
      return range(ascending ? sorted : sorted.toReversed(), start, end).map(recordOfScheduler);
    },

    schedulerCount: (name) => store.queue(name).schedulers.size,
    removeScheduler: (name, id) => removeScheduler(store.queue(name), id),
  };
}

/** Those that run next first; finished ones from the newest. */
function inOrder(queue: QueueState, ...wanted: readonly JobState[]): readonly StoredJob[] {
  const [state] = wanted;
  if (state === 'completed' || state === 'failed') return [...queue.finished[state]].toReversed();
  if (state === 'active') return [...queue.active];
  return queue.inOrder().filter((job) => wanted.includes(job.state));
}
