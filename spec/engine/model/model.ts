import { JobCancelledError, LeaseLostError } from '../../../src/errors.js';
import type { Engine } from '../../../src/engine/engine.js';
import type { Failure, JobState, Lease, Write } from '../../../src/engine/records.js';
import {
  failuresOf,
  hasCome,
  isFinished,
  isPending,
  noteFailure,
  recordOf,
  states,
  type ModelJob,
} from './model-job.js';
import { ModelStore } from './model-store.js';

type AtOnce<F> = F extends (...args: infer A) => infer R ? (...args: A) => Awaited<R> : F;

/** What the model knows of the engine's port. */
type Known =
  | 'add'
  | 'claim'
  | 'renew'
  | 'checkpoint'
  | 'moveToDelayed'
  | 'moveToWaitingChildren'
  | 'complete'
  | 'fail'
  | 'release'
  | 'recoverStalled'
  | 'get'
  | 'children'
  | 'log'
  | 'logs'
  | 'retry'
  | 'promote'
  | 'changeDelay'
  | 'changePriority'
  | 'updateData'
  | 'updateProgress'
  | 'cancel'
  | 'remove'
  | 'pause'
  | 'resume'
  | 'counts'
  | 'list'
  | 'clean';

export type Port = { readonly [K in Known]: AtOnce<Engine[K]> };

export interface Model {
  readonly store: ModelStore;
  readonly port: Port;
  /** Whether the lease is its job's and hasn't run out. */
  holds(lease: Lease): boolean;
  /** Whether a write of this number would be answered as the first time. */
  remembers(lease: Lease, seq: number): boolean;
}

/** What an engine must do, said as plainly as can be. */
export function createModel(now: number): Model {
  const store = new ModelStore(now);
  let tokens = 0;

  const holds = ({ queue, jobId, token }: Lease): boolean => {
    const lease = store.find(queue, jobId)?.lease;
    return lease?.token === token && lease.until > store.now;
  };

  const written = ({ queue, jobId, token }: Lease, seq: number): ModelJob['last'] => {
    const jobs = [store.find(queue, jobId), ...store.notKept];
    return jobs.map((job) => job?.last).find((last) => last?.token === token && last.seq === seq);
  };

  const write = <A>(lease: Lease, { seq }: Write, transition: (job: ModelJob) => A): A => {
    const job = store.find(lease.queue, lease.jobId);
    const before = written(lease, seq);
    if (before) return before.answer as A;
    if (job?.state === 'failed' && job.failedCode === 'JOB_CANCELLED') throw new JobCancelledError('');
    if (!job || !holds(lease) || seq !== job.seq + 1) throw new LeaseLostError('');
    const answer = transition(job);
    if (answer !== 'failed-children') job.last = { token: lease.token, seq, answer };
    if (!store.jobs.includes(job)) store.notKept.push(job);
    return answer;
  };

  const save = (job: ModelJob, { seq, cursor, fields = new Map(), progress, children = [] }: Write): void => {
    for (const child of children) store.add(child);
    Object.assign(job, {
      seq,
      stalls: 0,
      attemptBase: undefined,
      cursor: cursor ?? job.cursor,
      progress: progress ?? job.progress,
    });
    for (const [field, value] of fields) {
      if (value === null) job.fields.delete(field);
      else job.fields.set(field, value);
    }
  };

  const failFromOutside = (job: ModelJob, failure: Failure): void => {
    if (job.seq > 0) job.attemptBase = job.attemptsMade;
    store.failForGood(job, failure);
  };

  const cancel = (job: ModelJob, reason: string): void => {
    if (job.seq > 0) job.seq++; // counts as a write
    failFromOutside(job, { reason, code: 'JOB_CANCELLED', stack: undefined });
    for (const child of store.childrenOf(job)) if (!isFinished(child)) cancel(child, reason);
  };

  const remove = (job: ModelJob): void => {
    store.drop(job);
    for (const child of store.childrenOf(job)) if (!isFinished(child)) remove(child);
  };

  const isAtWork = (job: ModelJob): boolean => job.state === 'active' || store.childrenOf(job).some(isAtWork);

  const port: Port = {
    add: (jobs) => jobs.map((job) => store.add(job)),

    claim(queue, { limit, lockDuration }) {
      if (limit > 0) store.promoteDue(queue);
      const taken = store.paused.has(queue) ? [] : store.ready(queue).slice(0, limit);
      return taken.map((job) => {
        const lease = { token: `t${++tokens}`, until: store.now + lockDuration };
        const attemptsStarted = job.attemptsStarted + 1;
        store.move(job, 'active', { lease, attemptsStarted, processedOn: store.now });
        return { job: recordOf(job), lease: { queue, jobId: job.id, token: lease.token } };
      });
    },

    renew(leases, lockDuration) {
      const lost = leases.filter((lease) => !holds(lease));
      const held = leases.filter((lease) => !lost.includes(lease));
      for (const { queue, jobId } of held) store.find(queue, jobId)!.lease!.until = store.now + lockDuration;
      return lost;
    },

    checkpoint: (lease, content) => write(lease, content, (job) => save(job, content)),

    moveToDelayed: (lease, content, due) =>
      write(lease, content, (job) => {
        save(job, content);
        store.toDelayed(job, due);
      }),

    moveToWaitingChildren: (lease, content, waiting) =>
      write(lease, content, (job) => {
        save(job, content);
        if (hasCome(job, waiting)) return false;
        store.toWaitingChildren(job, waiting);
        return true;
      }),

    complete: (lease, content, result, failuresSeen) =>
      write(lease, content, (job) => {
        if (failuresOf(job) > failuresSeen) return 'failed-children';
        save(job, content);
        if (job.children.some(isPending)) {
          job.returned = { result };
          store.toWaitingChildren(job, { all: { failuresSeen } });
          return 'waiting-children';
        }
        job.seq = 0;
        job.fields.clear();
        if (content.progress !== undefined) job.progress = undefined;
        job.returned = undefined;
        job.returnvalue = result;
        job.attemptsMade++;
        store.finish(job, 'completed');
        return 'completed';
      }),

    fail: (lease, content, failure, retryAt) =>
      write(lease, content, (job) => {
        save(job, content);
        job.attemptsMade++;
        if (retryAt === undefined) return store.failForGood(job, failure);
        noteFailure(job, failure);
        return retryAt > store.now ? store.toDelayed(job, retryAt) : store.toReady(job, 'tail');
      }),

    release: (lease, content) =>
      write(lease, content, (job) => {
        save(job, content);
        store.toReady(job, 'head');
      }),

    recoverStalled(queue, maxStalledCount) {
      const stalled = store.in(queue, 'active').filter((job) => job.lease!.until <= store.now);
      const recovered = stalled.reverse().map((job) => {
        job.stalledCounter++;
        const to = ++job.stalls > maxStalledCount ? ('failed' as const) : ('waiting' as const);
        const failure = { reason: 'job stalled more than allowable limit', code: 'JOB_STALLED', stack: undefined };
        if (to === 'failed') failFromOutside(job, failure);
        else store.toReady(job, 'head');
        return { jobId: job.id, to };
      });
      return { recovered, mayStall: store.in(queue, 'active').length > 0 };
    },

    get(queue, id) {
      const job = store.find(queue, id);
      return job && recordOf(job);
    },

    children(queue, id, group) {
      const { children = [] } = store.find(queue, id) ?? {};
      return children.flatMap(({ child, link: { onFailure, group: own }, status, value, reason }) => {
        if (status === 'removed' || (group !== undefined && group !== own)) return [];
        return [{ queue: child.queue, id: child.id, group: own, onFailure, status, value, reason }];
      });
    },

    log: (queue, id, row) => store.find(queue, id)?.logs.push(row),
    logs(queue, id) {
      const logs = [...(store.find(queue, id)?.logs ?? [])];
      return { logs, count: logs.length };
    },

    retry(queue, id) {
      const job = store.find(queue, id);
      if (!job || !isFinished(job)) return false;
      job.finishedOn = job.processedOn = job.returnvalue = job.failedReason = job.failedCode = undefined;
      job.stalls = 0;
      store.toReady(job, job.opts.lifo ? 'head' : 'tail');
      if (job.kinship && job.kinship.status !== 'removed')
        Object.assign(job.kinship, { status: 'pending', value: undefined, reason: undefined });
      return true;
    },

    promote(queue, id) {
      const job = store.find(queue, id);
      if (job?.state !== 'delayed') return false;
      store.toReady(job, job.cursor === undefined ? 'tail' : 'head');
      return true;
    },

    changeDelay(queue, id, due) {
      const job = store.find(queue, id);
      if (job?.state !== 'delayed') return false;
      store.toDelayed(job, due);
      return true;
    },

    changePriority(queue, id, priority, lifo) {
      const job = store.find(queue, id);
      if (job) job.priority = priority;
      if (job?.state === 'waiting' || job?.state === 'prioritized') store.toReady(job, lifo ? 'head' : 'tail');
      return job !== undefined;
    },

    updateData(queue, id, data) {
      const job = store.find(queue, id);
      if (job) job.data = data;
      return job !== undefined;
    },

    updateProgress(queue, id, progress) {
      const job = store.find(queue, id);
      if (job) job.progress = progress;
      return job !== undefined;
    },

    cancel(queue, id, reason) {
      const job = store.find(queue, id);
      if (!job || isFinished(job)) return false;
      cancel(job, reason);
      return true;
    },

    remove(queue, id) {
      const job = store.find(queue, id);
      if (!job) return 'missing';
      if (isAtWork(job)) return 'active';
      remove(job);
      store.tell(job, 'removed');
      return 'removed';
    },

    pause: (queue) => void store.paused.add(queue),
    resume: (queue) => void store.paused.delete(queue),

    counts: (queue) =>
      Object.fromEntries(states.map((state) => [state, store.in(queue, state).length])) as Record<JobState, number>,

    list(queue, state, start = 0, end = -1) {
      const inOrder = isFinished({ state })
        ? store.in(queue, state).reverse()
        : [...store.ready(queue), ...store.timed(queue), ...store.in(queue, 'active', 'waiting-children')];
      const all = [...new Set(inOrder)].filter((job) => job.state === state);
      return all.slice(start, end < 0 ? all.length + end + 1 : end + 1).map(recordOf);
    },

    clean(queue, state, age, limit) {
      const old = store.in(queue, state).filter(({ finishedOn }) => finishedOn! <= store.now - age);
      const cleaned = old.slice(0, limit);
      for (const job of cleaned) store.forget(job);
      return cleaned.map(({ id }) => id);
    },
  };

  return { store, port, holds, remembers: (lease, seq) => written(lease, seq) !== undefined };
}
