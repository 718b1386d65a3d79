import type { Claimed, ClaimOptions, CompleteAnswer, Engine } from '../engine.js';
import type { ChildRecord, NewJob } from '../records.js';
import { administration } from './administration.js';
import { completeArguments, failArguments, optional, waitingArguments, type Arguments } from './arguments.js';
import { recoverStalled } from './recovering.js';
import { scripts } from './scripts.js';
import type { Store } from './store.js';
import { absent } from './stored-record.js';

/** The port on a store in Redis: each method is one script, or rides with others in one. */
export function engineOn(store: Store): Engine {
  const { turns, layouts } = store;

  function add(jobs: readonly NewJob[]): Promise<readonly string[]> {
    const unknown = jobs.find(({ queue }) => !layouts.isFine(queue));
    return unknown ? layouts.check(unknown.queue).then(() => add(jobs)) : turns.add(jobs);
  }

  function claim(queue: string, options: ClaimOptions): Promise<readonly Claimed[]> {
    if (!layouts.isFine(queue)) return layouts.check(queue).then(() => claim(queue, options));
    // a token begins with the id of the connection by which others see whether this process is alive (W3)
    const watch = store.watchOf(queue);
    const up = watch?.up();
    if (!up) return turns.claim(queue, options);
    return up.then(() => (store.watchOf(queue) === watch ? claim(queue, options) : [])); // else nobody watches any more
  }

  return {
    clock: store.clock,
    ...administration(store),

    // --- produce ---

    add: (jobs) => (jobs.length > 0 ? add(jobs) : []),

    // --- consume ---

    claim: (queue, options) => (options.limit > 0 ? claim(queue, options) : []),

    async renew(leases, lockDuration) {
      const args: Arguments = [lockDuration, leases.length];
      for (const { queue, jobId, token } of leases) args.push(queue, jobId, token);
      const held = await store.ask(scripts.renew, args);
      return leases.filter((_, index) => held[index] !== 1);
    },

    checkpoint: (lease, write) => turns.write('checkpoint', lease, write, nothing),

    moveToDelayed: (lease, write, due) => turns.write('moveToDelayed', lease, write, nothing, [due]),

    moveToWaitingChildren: (lease, write, waiting) =>
      turns.write('moveToWaitingChildren', lease, write, (answer) => answer === 'parked', waitingArguments(waiting)),

    complete: (lease, write, result, failuresSeen) =>
      turns.write(
        'complete',
        lease,
        write,
        (answer) => answer as CompleteAnswer,
        completeArguments(result, failuresSeen),
      ),

    fail: (lease, write, failure, retryAt) =>
      turns.write('fail', lease, write, nothing, failArguments(failure, retryAt)),

    release: (lease, write) => turns.write('release', lease, write, nothing),

    recoverStalled: (queue, maxStalledCount) => recoverStalled(store, queue, maxStalledCount),

    // --- look ---

    async get(queue, id) {
      return (await store.records(queue, scripts.get, [queue, 1, id]))[0];
    },

    async children(queue, id, group) {
      const args: Arguments = [queue, id];
      optional(args, group);
      return childrenOf((await store.ask(scripts.children, args)) as string[], store.prefix);
    },

    // --- health ---

    ping: () => store.ping(),

    status: () => store.status(),

    // --- wake and observe ---

    watch: (queue, wake, gone) => store.watch(queue, { wake, gone }),

    events: (queue, listener, jobId, after) => store.feed.listen(queue, listener, { jobId, after }),

    close: () => store.close(),
  };
}

function nothing(): void {}

function childrenOf(answer: readonly string[], prefix: string): readonly ChildRecord[] {
  const children: ChildRecord[] = [];
  for (let i = 0; i < answer.length; i += 5) {
    const [key, group, onFailure, status, value] = answer.slice(i, i + 5) as [string, string, never, never, string];
    // an id may hold colons (a scheduler's job does), the name of a queue never
    const colon = key.indexOf(':', prefix.length + 1);
    children.push({
      queue: key.slice(prefix.length + 1, colon),
      id: key.slice(colon + 1),
      group: group === '' ? undefined : group,
      onFailure,
      status,
      value: status !== 'completed' || value === absent ? undefined : value,
      reason: status === 'failed' ? value : undefined,
    });
  }
  return children;
}
