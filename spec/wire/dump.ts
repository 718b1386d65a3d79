import type { Redis } from 'ioredis';

/**
 * All that is stored, a line each: key, type, and one field, member or event. What differs from run to run is left out: times are
 * `<time>`, events have no ids, of a stack only its first line is told.
 */
export async function dumpOf(redis: Redis): Promise<readonly string[]> {
  const keys = (await redis.keys('*')).toSorted();
  const lines = await Promise.all(
    keys.map(async (key) => {
      const [type, ttl] = await Promise.all([redis.type(key), redis.pttl(key)]);
      const parts = await partsOf(redis, key, type);
      return parts.map((part) => `${key} ${type}${ttl >= 0 ? ' expires' : ''} ${withoutTimes(part)}`);
    }),
  );
  return lines.flat();
}

async function partsOf(redis: Redis, key: string, type: string): Promise<readonly string[]> {
  switch (type) {
    case 'string':
      return [(await redis.get(key))!];
    case 'list':
      return redis.lrange(key, 0, -1);
    case 'set':
      return (await redis.smembers(key)).toSorted();
    case 'zset':
      return pairs(await redis.zrange(key, '0', '-1', 'WITHSCORES'));
    case 'hash': {
      const fields = Object.entries(await redis.hgetall(key));
      return fields.map(([name, text]) => `${name}=${readable(name, text)}`).toSorted();
    }
    case 'stream':
      return (await redis.xrange(key, '-', '+')).map(([, fields]) => pairs(fields).join(' '));
    default:
      return []; // it has just ended
  }
}

function pairs(flat: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < flat.length; i += 2) found.push(`${flat[i]}=${flat[i + 1]}`);
  return found;
}

/** The order of the fields in JSON doesn't count. */
function readable(name: string, text: string): string {
  if (name === 'stacktrace') return JSON.stringify((JSON.parse(text) as string[]).map((stack) => stack.split('\n')[0]));
  if (name !== 'opts' && name !== 'parent') return text;
  const fields = JSON.parse(text);
  return JSON.stringify(fields, Object.keys(fields).toSorted());
}

const someHours = 10_800_000;

/** Scores of delayed jobs are their times with twelve more bits. */
function withoutTimes(text: string): string {
  return text
    .replace(/\d{16}/g, (score) => String(Math.floor(Number(score) / 4_096)))
    .replace(/\d{13}/g, (time) => (Math.abs(Number(time) - Date.now()) < someHours ? '<time>' : time));
}
