import type { Redis } from 'ioredis';

/** What Redis was asked to do by the work, scripts' calls included: calls per unit and microseconds per call. */
export async function redisCalls(redis: Redis, units: number, work: () => Promise<void>): Promise<string> {
  await redis.config('RESETSTAT');
  await work();
  const stats = await redis.info('commandstats');
  return [...stats.matchAll(/^cmdstat_(\S+?):calls=(\d+),usec=(\d+)/gm)]
    .map(([, name, calls, micros]) => ({ name, calls: Number(calls), micros: Number(micros) }))
    .toSorted((a, b) => b.micros - a.micros)
    .slice(0, 15)
    .map(({ name, calls, micros }) => {
      const [perUnit, perCall] = [calls / units, micros / calls].map((value) => value.toFixed(2).padStart(8));
      return `${perUnit} calls of ${perCall} µs  ${name}`;
    })
    .join('\n');
}
