import type { Administration } from '../../admin.js';
import { optional, type Arguments } from '../arguments.js';
import { scripts } from '../scripts.js';
import type { Store } from '../store.js';

type LimitCalls = Pick<
  Administration,
  'settings' | 'setConcurrency' | 'setRateLimit' | 'rateLimit' | 'rateLimitTtl' | 'removeRateLimit'
>;

/** BullMQ's default. */
const maxLenEvents = 10_000;

/** A queue's settings: how many of its jobs may be taken. */
export function limitCalls(store: Store): LimitCalls {
  async function set(queue: string, fields: Readonly<Record<string, number | undefined>>): Promise<void> {
    const args: Arguments = [queue];
    for (const [name, value] of Object.entries(fields)) {
      args.push(name);
      optional(args, value);
    }
    await store.ask(scripts.limit, args);
  }

  return {
    async settings(queue) {
      const fields = ['paused', 'concurrency', 'max', 'duration', 'opts.maxLenEvents', 'version'];
      const values = (await store.send('HMGET', [store.keyOf(queue, 'meta'), ...fields])) as (string | null)[];
      const [paused, concurrency, max, duration, events, version] = values;
      return {
        paused: paused !== null,
        concurrency: concurrency ? Number(concurrency) : undefined,
        rateLimit: max && duration ? { max: Number(max), duration: Number(duration) } : undefined,
        maxLenEvents: Number(events ?? maxLenEvents),
        version: version ?? undefined,
      };
    },

    setConcurrency: (queue, concurrency) => set(queue, { concurrency }),

    setRateLimit: (queue, rateLimit) => set(queue, { max: rateLimit?.max, duration: rateLimit?.duration }),

    async rateLimit(queue, ms) {
      if (ms > 0) await store.once(scripts.rateLimit, [queue, Math.ceil(ms)]);
    },

    async rateLimitTtl(queue, max) {
      const args: Arguments = [queue];
      optional(args, max);
      return (await store.ask(scripts.rateLimitTtl, args))[0] as number;
    },

    removeRateLimit: (queue) => store.did(scripts.rateLimit, [queue, 0]),
  };
}
