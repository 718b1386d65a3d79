import type { Engine } from '../../engine.js';
import { optional, type Arguments } from '../arguments.js';
import { scripts } from '../scripts.js';
import type { Store } from '../store.js';
import { writeBeside } from './write-beside.js';

export type LogCalls = Pick<Engine, 'log' | 'logs' | 'clearLogs'>;

/** The logs of jobs. */
export function logCalls(store: Store): LogCalls {
  return {
    async log(queue, id, row, keep, token) {
      const args: Arguments = [row];
      optional(args, keep);
      return (await writeBeside(store, scripts.log, [queue, id, token], args))?.[0] as number | undefined;
    },

    async logs(queue, id, start = 0, end = -1, ascending = true) {
      const [logs, count] = await store.ask(scripts.logs, [queue, id, start, end, ascending ? 1 : 0]);
      return { logs: logs as string[], count: count as number };
    },

    async clearLogs(queue, id, keep) {
      const key = store.keyOf(queue, `${id}:logs`);
      if (keep > 0) await store.send('LTRIM', [key, -keep, -1]);
      else await store.send('DEL', [key]);
    },
  };
}
