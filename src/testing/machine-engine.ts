import { LeaseLostError, type Engine } from '../index.js';
import type { Trace } from './trace.js';

/** Who makes the calls. */
export interface Caller {
  readonly name: string;
  readonly dead: boolean;
  /** Called around each write; may let the caller die. */
  readonly around?: (when: 'before' | 'after') => void;
  /** Called when a lease is taken, with its duration in milliseconds. */
  readonly leased: (duration: number) => void;
  /** Called when stalled jobs were looked for, and will be again. */
  readonly looked: () => void;
}

/** The store as one machine sees it: every call is traced, and once the machine is dead nothing of it arrives. */
export function machineEngine(engine: Engine, caller: Caller, trace: Trace): Engine {
  const { name } = caller;
  const write = <A>(call: () => A, note: (answer: A) => void): A => {
    alive(caller);
    caller.around?.('before');
    alive(caller);
    const answer = call();
    note(answer);
    caller.around?.('after');
    alive(caller); // the store has it, but its answer never arrives
    return answer;
  };
  return {
    ...engine,
    add(jobs) {
      alive(caller);
      const ids = engine.add(jobs) as readonly string[];
      ids.forEach((id, index) => trace.added(jobs[index]!.queue, id));
      return ids;
    },
    claim(queue, options) {
      if (caller.dead) return [];
      caller.leased(options.lockDuration);
      const claimed = engine.claim(queue, options) as Awaited<ReturnType<Engine['claim']>>;
      for (const { job } of claimed) trace.claimed(job, name);
      return claimed;
    },
    renew: (leases, duration) => (caller.dead ? [] : engine.renew(leases, duration)),
    checkpoint: (lease, content) =>
      write(
        () => engine.checkpoint(lease, content),
        () => trace.checkpoint(lease, content, name),
      ),
    moveToDelayed: (lease, content, due) =>
      write(
        () => engine.moveToDelayed(lease, content, due),
        () => trace.delayed(lease, content, due, name),
      ),
    moveToWaitingChildren: (lease, content, waiting) =>
      write(
        () => engine.moveToWaitingChildren(lease, content, waiting) as boolean,
        (parked) => (parked ? trace.waiting(lease, content, waiting, name) : trace.checkpoint(lease, content, name)),
      ),
    complete: (lease, content, result, failuresSeen) =>
      write(
        () => engine.complete(lease, content, result, failuresSeen) as Awaited<ReturnType<Engine['complete']>>,
        (answer) => {
          if (answer === 'completed') trace.completed(lease, content, result, name);
          else if (answer === 'waiting-children') trace.waiting(lease, content, {}, name);
        },
      ),
    fail: (lease, content, failure, retryAt) =>
      write(
        () => engine.fail(lease, content, failure, retryAt),
        () => trace.failed(lease, content, failure, retryAt, name),
      ),
    release: (lease, content) =>
      write(
        () => engine.release(lease, content),
        () => trace.released(lease, content, name),
      ),
    recoverStalled(queue, most) {
      if (caller.dead) return { recovered: [], mayStall: false };
      const recovery = engine.recoverStalled(queue, most) as Awaited<ReturnType<Engine['recoverStalled']>>;
      for (const { jobId, to } of recovery.recovered) {
        trace.stalled(queue, jobId);
        if (to === 'failed') noteEnd(engine, trace, queue, jobId);
      }
      if (recovery.mayStall) caller.looked();
      return recovery;
    },
    children: (queue, id, group) => (caller.dead ? [] : engine.children(queue, id, group)),
    log: (...args) => (caller.dead ? undefined : engine.log(...args)),
    cancel(queue, id, reason) {
      const cancelled = engine.cancel(queue, id, reason);
      // its children too
      for (const log of trace.logs)
        if (log.events.at(-1)?.type !== 'cancelled') noteEnd(engine, trace, log.queue, log.id);
      return cancelled;
    },
    close: () => {}, // the store outlives the machine
  };
}

function noteEnd(engine: Engine, trace: Trace, queue: string, id: string): void {
  const record = engine.get(queue, id) as Awaited<ReturnType<Engine['get']>>;
  const last = trace.log(queue, id).events.at(-1)?.type;
  if (record?.state === 'failed' && last !== 'failed') trace.ended(record);
}

/** @throws LeaseLostError */
function alive(caller: Caller): void {
  if (caller.dead) throw lost;
}

/** One for all, with no stack to be traced: thousands of machines are lost per second. */
const lost = Object.assign(new LeaseLostError('the machine is lost'), { stack: 'LeaseLostError: the machine is lost' });
