import { JobStalledError } from '../../errors.js';
import { systemClock, type Clock } from '../clock.js';
import type { CompleteAnswer, Engine } from '../engine.js';
import { add } from './adding.js';
import { claim } from './claiming.js';
import { complete, failForGood, failFromOutside, noteFailure, settle, tellExhausted } from './ending.js';
import { noChildren } from './family.js';
import { jobAdministration } from './job-administration.js';
import { log, logs } from './logs.js';
import { queueAdministration } from './queue-administration.js';
import { Store } from './store.js';
import { recordOf } from './stored-job.js';
import { save, write as writeTo } from './writing.js';

export interface MemoryEngineOptions {
  /** Default: real time. */
  readonly clock?: Clock;
}

/** The embedded engine: in this process, synchronous, deterministic. What it holds is gone with the process. */
export function memoryEngine({ clock = systemClock }: MemoryEngineOptions = {}): Engine {
  const store = new Store(clock);
  let tokens = 0;
  const newToken = (): string => String(++tokens);
  return {
    clock,
    ...jobAdministration(store),
    ...queueAdministration(store),

    // --- produce ---

    add: (jobs) => add(store, jobs),

    // --- consume ---

    claim: (queue, options) => claim(store, store.queue(queue), options, newToken),

    renew(leases, lockDuration) {
      const now = clock.now();
      return leases.filter((lease) => {
        const lock = store.job(lease.queue, lease.jobId)?.lock;
        if (lock?.token !== lease.token || lock.until <= now) return true;
        lock.until = now + lockDuration;
        return false;
      });
    },

    checkpoint: (lease, write) => writeTo(store, lease, write, (job) => save(store, job, write)),

    moveToDelayed: (lease, write, due) =>
      writeTo(store, lease, write, (job, queue) => {
        save(store, job, write);
        queue.toDelayed(job, due);
      }),

    moveToWaitingChildren: (lease, write, waiting) =>
      writeTo(store, lease, write, (job, queue) => {
        save(store, job, write);
        if ((job.children ?? noChildren).settled(waiting)) return false;
        queue.toWaitingChildren(job, waiting);
        return true;
      }),

    complete: (lease, write, result, failuresSeen) =>
      writeTo<CompleteAnswer>(store, lease, write, (job, queue) => {
        if ((job.children?.failed ?? 0) > failuresSeen) return 'failed-children';
        save(store, job, write);
        const waiting = { all: { failuresSeen } };
        if (!(job.children ?? noChildren).settled(waiting)) {
          job.returned = { result };
          queue.toWaitingChildren(job, waiting);
          return 'waiting-children';
        }
        complete(store, job, result);
        if (write.progress !== undefined) job.progress = undefined; // it was told; the result says more
        return 'completed';
      }),

    fail: (lease, write, failure, retryAt) =>
      writeTo(store, lease, write, (job, queue) => {
        save(store, job, write);
        job.attemptsMade++;
        if (retryAt === undefined) {
          failForGood(store, job, failure);
          tellExhausted(store, job);
        } else {
          noteFailure(job, failure);
          if (retryAt > clock.now()) queue.toDelayed(job, retryAt);
          else queue.toReady(job, 'tail', 'active');
        }
      }),

    release: (lease, write) =>
      writeTo(store, lease, write, (job, queue) => {
        save(store, job, write);
        queue.toReady(job, 'head', 'active');
      }),

    recoverStalled(name, maxStalledCount) {
      const queue = store.queue(name);
      const now = clock.now();
      const stalled = [...queue.active].filter((job) => job.lock!.until <= now);
      // the head is a stack: what was taken first is put back last, and runs first again
      const recovered = stalled.reverse().map((job) => {
        job.stalledCounter++;
        queue.emit(job, { type: 'stalled' });
        if (job.stalledCounter - job.stallBase <= maxStalledCount) {
          queue.toReady(job, 'head', 'active');
          return { jobId: job.id, to: 'waiting' as const };
        }
        const { message, code } = new JobStalledError('job stalled more than allowable limit');
        failFromOutside(store, job, { reason: message, code });
        settle(store, job); // its worker's wishes went with its lease
        return { jobId: job.id, to: 'failed' as const };
      });
      return { recovered, mayStall: queue.active.size > 0 };
    },

    // --- look ---

    get(name, id) {
      const queue = store.queue(name);
      const job = queue.jobs.get(id);
      return job && recordOf(job, queue.events.lastId);
    },

    children: (queue, id, group) => store.job(queue, id)?.children?.list(group) ?? [],

    log: (queue, id, row, keep, token) => log(store, queue, id, row, keep, token),
    logs: (queue, id, start, end, ascending) => logs(store, queue, id, start, end, ascending),

    // --- health ---

    ping() {},

    status: () => ({ engine: 'memory', connections: [] }),

    // --- wake and observe ---

    watch: (queue, wake) => store.queue(queue).watch(wake),

    events: (queue, listener, jobId) => store.queue(queue).events.listen(listener, jobId),

    close: () => store.close(),
  };
}
