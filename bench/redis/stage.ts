import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { profiled } from './profile.js';
import type { Figures } from './workload.js';

/** What a workload measures with: a connection of its own, so that neither side's client is asked about itself. */
export interface Stage {
  readonly url: string;
  /** What has been seen in Redis, by queue and set. */
  readonly counts: Readonly<Record<string, number>>;
  /** Time and CPU, of this process and of Redis, that the work takes per unit. */
  clock(units: number, work: () => Promise<void>): Promise<Required<Pick<Figures, 'perSecond' | 'client' | 'redis'>>>;
  /** Waits until the queue has exactly so many jobs in this state. @throws when there are more, or one has failed */
  holds(queue: string, state: 'wait' | 'completed', jobs: number): Promise<void>;
  /** Bytes that Redis uses. */
  usedMemory(): Promise<number>;
  /** Empties Redis, and frees this process' garbage. */
  clear(): Promise<void>;
  close(): void;
}

/** @param profile where a CPU profile of what the clock is on is written; the last one stays */
export function openStage(url: string, profile?: string): Stage {
  const redis = new Redis(url);
  const counts: Record<string, number> = {};

  async function info(section: string, field: string): Promise<number> {
    const value = new RegExp(`^${field}:([\\d.]+)`, 'm').exec(await redis.info(section))?.[1];
    if (value === undefined) throw new Error(`INFO ${section} has no ${field}`);
    return Number(value);
  }

  /** Seconds. */
  async function redisCpu(): Promise<number> {
    const [user, system] = await Promise.all([info('cpu', 'used_cpu_user'), info('cpu', 'used_cpu_sys')]);
    return user + system;
  }

  return {
    url,
    counts,
    async clock(units, work) {
      const redisBefore = await redisCpu();
      const clientBefore = process.cpuUsage();
      const begun = performance.now();
      await (profile === undefined ? work() : profiled(profile, redis, units, work));
      const seconds = (performance.now() - begun) / 1_000;
      const { user, system } = process.cpuUsage(clientBefore);
      const redisSeconds = (await redisCpu()) - redisBefore;
      return { perSecond: units / seconds, client: (user + system) / units, redis: (redisSeconds * 1e6) / units };
    },
    async holds(queue, state, jobs) {
      const key = `bull:${queue}:${state}`;
      for (;;) {
        const [held, failed] = await Promise.all([
          state === 'wait' ? redis.llen(key) : redis.zcard(key),
          redis.zcard(`bull:${queue}:failed`),
        ]);
        if (failed > 0 || held > jobs) throw new Error(`${key}: ${held} of ${jobs} jobs, and ${failed} have failed`);
        if (held === jobs) break;
        await sleep(1);
      }
      counts[`${queue} ${state}`] = jobs;
    },
    usedMemory: () => info('memory', 'used_memory'),
    async clear() {
      await redis.flushall('SYNC');
      globalThis.gc?.();
      for (const name of Object.keys(counts)) delete counts[name];
    },
    close: () => redis.disconnect(),
  };
}
