import type { Administration } from '../../admin.js';
import { isName } from '../../names.js';
import type { JobState } from '../../records.js';
import { scripts } from '../scripts.js';
import type { Store } from '../store.js';

type SurveyCalls = Pick<
  Administration,
  'queues' | 'counts' | 'countsPerPriority' | 'list' | 'metrics' | 'clients' | 'info'
>;

/** Keys that Redis looks at in one call. */
const scanned = 1_000;

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

/** What there is to be seen of a queue. */
export function surveyCalls(store: Store): SurveyCalls {
  return {
    async queues() {
      const meta = store.keyOf('*', 'meta');
      // SCAN sees one node only: of a cluster, another one than that of the prefix would answer that there is nothing
      await store.send('EXISTS', [meta]);
      const names = new Set<string>();
      let cursor = '0';
      do {
        const args = [cursor, 'MATCH', meta, 'COUNT', scanned, 'TYPE', 'hash'];
        const [next, keys] = (await store.send('SCAN', args)) as readonly [string, readonly string[]];
        for (const key of keys) names.add(key.slice(store.prefix.length + 1, -':meta'.length));
        cursor = next;
      } while (cursor !== '0');
      // the key of a job whose id ends like that has one more colon
      return [...names].filter(isName).sort();
    },

    async counts(queue) {
      const counts = await store.ask(scripts.counts, [queue]);
      return Object.fromEntries(states.map((state, at) => [state, counts[at]])) as Record<JobState, number>;
    },

    async countsPerPriority(queue, priorities) {
      return (await store.ask(scripts.countsPerPriority, [queue, priorities.length, ...priorities])) as number[];
    },

    async list(queue, state, start = 0, end = -1, reversed = false) {
      const jobs = await store.records(queue, scripts.list, [queue, state, start, end, reversed ? 1 : 0]);
      return jobs.filter((job) => job.state === state); // a long list is read in parts, and jobs go on meanwhile
    },

    async metrics(queue, type, start, end) {
      const [count, prevTS, prevCount, data, points] = await store.ask(scripts.metrics, [queue, type, start, end]);
      return {
        count: Number(count),
        prevTS: Number(prevTS),
        prevCount: Number(prevCount),
        data: (data as string[]).map(Number),
        points: points as number,
      };
    },

    async clients(queue, kind) {
      const name = `${store.prefix}:${Buffer.from(queue).toString('base64')}`;
      const isOne = (raw: string): boolean =>
        kind === 'events' ? raw === `${name}:qe` : raw === name || raw.startsWith(`${name}:w:`);
      return (await store.clients())
        .filter((client) => isOne(client['name'] ?? ''))
        .map((client) => ({ ...client, name: queue, rawname: client['name']! }));
    },

    info: async () => (await store.send('INFO', [])) as string,
  };
}
