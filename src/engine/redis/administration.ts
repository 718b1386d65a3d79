import type { Administration } from '../admin.js';
import type { JobState } from '../records.js';
import { optional, type Arguments } from './arguments.js';
import { scripts } from './scripts.js';
import type { Store } from './store.js';

/** As `counts.lua` answers them. */
const states = [
  'waiting',
  'prioritized',
  'delayed',
  'active',
  'waiting-children',
  'completed',
  'failed',
] as const satisfies readonly JobState[];

/** R5: one call of `clean` removes no more. */
const largestClean = 1_000;

/** The Redis engine's administration. */
export function administration(store: Store): Administration {
  const did = async (script: Parameters<Store['ask']>[0], args: Arguments): Promise<boolean> =>
    (await store.ask(script, args))[0] === 1;
  return {
    retry: (queue, id) => did(scripts.retry, [queue, id]),

    promote: (queue, id) => did(scripts.promote, [queue, id]),

    changeDelay: (queue, id, due) => did(scripts.changeDelay, [queue, id, due]),

    updateData(queue, id, data) {
      const args: Arguments = [queue, id];
      optional(args, data);
      return did(scripts.updateData, args);
    },

    cancel: (queue, id, reason) => did(scripts.cancel, [queue, id, reason]),

    remove: (queue, id) => did(scripts.remove, [queue, id]),

    async pause(queue) {
      await store.ask(scripts.pause, [queue, 'paused']);
    },

    async resume(queue) {
      await store.ask(scripts.pause, [queue, 'resumed']);
    },

    async counts(queue) {
      const counts = await store.ask(scripts.counts, [queue]);
      return Object.fromEntries(states.map((state, at) => [state, counts[at]])) as Record<JobState, number>;
    },

    list: (queue, state, start = 0, end = -1) => store.records(queue, scripts.list, [queue, state, start, end]),

    async clean(queue, state, age, limit) {
      const removed: string[] = [];
      for (let more = true; more && removed.length < limit;) {
        const [ids] = await store.ask(scripts.clean, [
          queue,
          state,
          age,
          Math.min(limit - removed.length, largestClean),
        ]);
        removed.push(...(ids as string[]));
        more = (ids as string[]).length === largestClean;
      }
      return removed;
    },
  };
}
