import { writeFile } from 'node:fs/promises';
import { Session } from 'node:inspector/promises';
import type { Redis } from 'ioredis';
import { redisCalls } from './redis-calls.js';

/**
 * Writes a CPU profile of the work alone, without what goes before and after it in the same process, and beside it what
 * Redis had to do.
 */
export async function profiled(file: string, redis: Redis, units: number, work: () => Promise<void>): Promise<void> {
  const session = new Session();
  session.connect();
  await session.post('Profiler.enable');
  await session.post('Profiler.setSamplingInterval', { interval: 200 });
  await session.post('Profiler.start');
  const calls = await redisCalls(redis, units, work);
  const { profile } = await session.post('Profiler.stop');
  session.disconnect();
  await writeFile(file, JSON.stringify(profile));
  await writeFile(`${file}.redis`, calls);
}
