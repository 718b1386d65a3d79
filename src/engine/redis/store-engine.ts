import type { CompleteAnswer, Engine } from '../engine.js';
import type { ChildRecord } from '../records.js';
import { administration } from './administration.js';
import { completeArguments, failArguments, optional, waitingArguments, type Arguments } from './arguments.js';
import { recoverStalled } from './recovering.js';
import { scripts } from './scripts.js';
import type { Store } from './store.js';
import { absent } from './stored-record.js';

/** The port on a store in Redis: each method is one script, or rides with others in one. */
export function engineOn(store: Store): Engine {
  const { turns } = store;
  return {
    clock: store.clock,
    ...administration(store),

    // --- produce ---

    add: (jobs) => (jobs.length > 0 ? turns.add(jobs) : []),

    // --- consume ---

    claim: (queue, options) => (options.limit > 0 ? turns.claim(queue, options) : []),

    async renew(leases, lockDuration) {
      const args: Arguments = [lockDuration, leases.length];
      for (const { queue, jobId, token } of leases) args.push(queue, jobId, token);
      const held = await store.ask(scripts.renew, args);
      return leases.filter((_, index) => held[index] !== 1);
    },

    async checkpoint(lease, write) {
      await turns.write('checkpoint', lease, write);
    },

    async moveToDelayed(lease, write, due) {
      await turns.write('moveToDelayed', lease, write, [due]);
    },

    async moveToWaitingChildren(lease, write, waiting) {
      return (await turns.write('moveToWaitingChildren', lease, write, waitingArguments(waiting))) === 'parked';
    },

    async complete(lease, write, result, failuresSeen) {
      return (await turns.write('complete', lease, write, completeArguments(result, failuresSeen))) as CompleteAnswer;
    },

    async fail(lease, write, failure, retryAt) {
      await turns.write('fail', lease, write, failArguments(failure, retryAt));
    },

    async release(lease, write) {
      await turns.write('release', lease, write);
    },

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

    async log(queue, id, row) {
      await store.ask(scripts.log, [queue, id, row]);
    },

    logs: (queue, id) => store.send('LRANGE', [store.keyOf(queue, `${id}:logs`), 0, -1]) as Promise<string[]>,

    // --- wake and observe ---

    watch: (queue, wake, gone) => store.watch(queue, { wake, gone }),

    events: (queue, listener, jobId) => store.feed.listen(queue, listener, jobId),

    close: () => store.close(),
  };
}

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
