import type { Administration } from '../../admin.js';
import type { Arguments } from '../arguments.js';
import type { Script } from '../script.js';
import { scripts } from '../scripts.js';
import type { Store } from '../store.js';

type QueueCalls = Pick<
  Administration,
  | 'pause'
  | 'resume'
  | 'clean'
  | 'drain'
  | 'obliterate'
  | 'retryAll'
  | 'promoteAll'
  | 'deduplicationJob'
  | 'removeDeduplication'
  | 'trimEvents'
>;

/** R5: what may touch any number of jobs touches no more of them in one call. */
const largestCall = 1_000;

/** What is done to a queue and to many of its jobs. */
export function queueCalls(store: Store): QueueCalls {
  /** Removes jobs of a state, in the order in which `clean.lua` looks at them; answers their ids, and whether a parent was woken. */
  async function sweep(
    queue: string,
    state: string,
    { age, limit, told }: { readonly age: number; readonly limit: number; readonly told: boolean },
  ): Promise<{ readonly removed: readonly string[]; readonly woke: boolean }> {
    const removed: string[] = [];
    const call = store.newCallId(); // its parts leave one receipt: each may hold a thousand ids
    let [passed, woke] = [0, false];
    for (let [more, part] = [true, 0]; more && removed.length < limit; part++) {
      const most = Math.min(limit - removed.length, largestCall);
      const args: Arguments = [queue, state, age === -Infinity ? '-inf' : age, most, passed, told ? 1 : 0];
      const [ids, stayed, goesOn, hasWoken] = await store.once(scripts.clean, args, call, part);
      removed.push(...(ids as string[]));
      passed += stayed as number;
      more = goesOn === 1;
      woke ||= hasWoken === 1;
    }
    return { removed, woke };
  }

  /** Does it to up to `limit` of those jobs that there are now, not to what they become; answers how many. */
  async function eachOf(script: Script, limit: number, argsFor: (most: number) => Arguments): Promise<number> {
    let [done, wanted] = [0, limit];
    for (let count = 1; count > 0 && done < wanted;) {
      const [times, left] = (await store.once(script, argsFor(Math.min(wanted - done, largestCall)))) as number[];
      if (done === 0) wanted = Math.min(limit, times! + left!);
      count = times!;
      done += count;
    }
    return done;
  }

  return {
    async pause(queue) {
      await store.ask(scripts.pause, [queue, 'paused']);
    },

    async resume(queue) {
      await store.ask(scripts.pause, [queue, 'resumed']);
    },

    clean: async (queue, state, age, limit) => (await sweep(queue, state, { age, limit, told: true })).removed,

    async drain(queue, delayed) {
      const states = ['waiting', 'prioritized', ...(delayed ? ['delayed'] : [])];
      for (let again = true; again;) {
        again = false; // unless a parent was woken, which waits now
        for (const state of states) {
          again = (await sweep(queue, state, { age: -Infinity, limit: Infinity, told: false })).woke || again;
        }
      }
    },

    async obliterate(queue, force) {
      for (;;) {
        const [answer] = await store.once(scripts.obliterate, [queue, force ? 1 : 0]);
        if (answer !== 'more') return answer as 'obliterated' | 'not-paused' | 'active';
      }
    },

    retryAll: (queue, state, until, limit) =>
      eachOf(scripts.retryAll, limit, (most) => [queue, state, until === Infinity ? '+inf' : until, most]),

    promoteAll: (queue, limit) => eachOf(scripts.promoteAll, limit, (most) => [queue, most]),

    async deduplicationJob(queue, deduplicationId) {
      return ((await store.send('GET', [store.keyOf(queue, `de:${deduplicationId}`)])) as string | null) ?? undefined;
    },

    removeDeduplication(queue, deduplicationId, jobId) {
      return store.did(scripts.removeDeduplication, [
        queue,
        deduplicationId,
        ...(jobId === undefined ? [0] : [1, jobId]),
      ]);
    },

    trimEvents: (queue, length) =>
      store.send('XTRIM', [store.keyOf(queue, 'events'), 'MAXLEN', '~', length]) as Promise<number>,
  };
}
