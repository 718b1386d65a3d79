import { JobStalledError } from '../../errors.js';
import { systemClock, type Clock } from '../clock.js';
import type { CompleteAnswer, Engine } from '../engine.js';
import { administration } from './administration.js';
import { Children } from './children.js';
import { Store } from './store.js';
import { recordOf } from './stored-job.js';

const noChildren = new Children();

export interface MemoryEngineOptions {
  /** Default: real time. */
  readonly clock?: Clock;
}

/** The embedded engine: in this process, synchronous, deterministic. What it holds is gone with the process. */
export function memoryEngine({ clock = systemClock }: MemoryEngineOptions = {}): Engine {
  const store = new Store(clock);
  let tokens = 0;
  return {
    clock,
    ...administration(store),

    // --- produce ---

    add: (jobs) => store.add(jobs),

    // --- consume ---

    claim(name, { limit, lockDuration }) {
      const queue = store.queue(name);
      const claimed = [];
      while (claimed.length < limit) {
        const job = queue.take();
        if (!job) break;
        const now = clock.now();
        const token = String(++tokens);
        job.lock = { token, until: now + lockDuration };
        job.processedOn = Math.floor(now);
        job.attemptsStarted++;
        queue.emit(job, { type: 'active' });
        claimed.push({ job: recordOf(job, queue.events.lastId), lease: { queue: name, jobId: job.id, token } });
      }
      return claimed;
    },

    renew(leases, lockDuration) {
      const now = clock.now();
      return leases.filter((lease) => {
        const lock = store.job(lease.queue, lease.jobId)?.lock;
        if (lock?.token !== lease.token || lock.until <= now) return true;
        lock.until = now + lockDuration;
        return false;
      });
    },

    checkpoint: (lease, write) => store.write(lease, write, (job, queue) => store.save(job, queue, write)),

    moveToDelayed: (lease, write, due) =>
      store.write(lease, write, (job, queue) => {
        store.save(job, queue, write);
        queue.toDelayed(job, due);
      }),

    moveToWaitingChildren: (lease, write, waiting) =>
      store.write(lease, write, (job, queue) => {
        store.save(job, queue, write);
        if ((job.children ?? noChildren).settled(waiting)) return false;
        queue.toWaitingChildren(job, waiting);
        return true;
      }),

    complete: (lease, write, result, failuresSeen) =>
      store.write<CompleteAnswer>(lease, write, (job, queue) => {
        if ((job.children?.failed ?? 0) > failuresSeen) return 'failed-children';
        store.save(job, queue, write);
        const waiting = { all: { failuresSeen } };
        if (!(job.children ?? noChildren).settled(waiting)) {
          queue.toWaitingChildren(job, waiting);
          return 'waiting-children';
        }
        job.seq = 0;
        job.fields.clear();
        if (write.progress !== undefined) job.progress = undefined; // it was told; the result says more
        job.returnvalue = result;
        job.attemptsMade++;
        queue.toFinished(job, 'completed');
        queue.emit(job, { type: 'completed', returnvalue: result });
        store.settleInParent(job, { status: 'completed', value: result, reason: undefined });
        return 'completed';
      }),

    fail: (lease, write, failure, retryAt) =>
      store.write(lease, write, (job, queue) => {
        store.save(job, queue, write);
        job.attemptsMade++;
        if (retryAt === undefined) store.failForGood(job, queue, failure);
        else {
          store.noteFailure(job, failure);
          if (retryAt > clock.now()) queue.toDelayed(job, retryAt);
          else queue.toReady(job, 'tail', 'active');
        }
      }),

    release: (lease, write) =>
      store.write(lease, write, (job, queue) => {
        store.save(job, queue, write);
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
        store.failForGood(job, queue, { reason: message, code, stack: undefined });
        store.keep(job, queue);
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

    log(queue, id, row) {
      store.job(queue, id)?.logs.push(row);
    },

    logs: (queue, id) => [...(store.job(queue, id)?.logs ?? [])],

    // --- wake and observe ---

    watch: (queue, wake) => store.queue(queue).watch(wake),

    events: (queue, listener, jobId) => store.queue(queue).events.listen(listener, jobId),

    close: () => store.close(),
  };
}
