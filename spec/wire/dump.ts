import type { Redis } from 'ioredis';

/** {@link keysOf} of all keys; what differs from run to run is left out: times are `<time>`. */
export async function dumpOf(redis: Redis): Promise<readonly string[]> {
  return (await keysOf(redis, '*')).map((line) => withoutTimes(line.replace(/ expires in \d+/, ' expires')));
}

/**
 * What is stored under the keys of a pattern, a line each: key, type, and one field, member or event. Events have no ids, of a
 * stack only its first line is told, and the order of fields in JSON that isn't the user's doesn't count.
 */
export async function keysOf(redis: Redis, pattern: string): Promise<readonly string[]> {
  const keys = (await redis.keys(pattern)).toSorted();
  const lines = await Promise.all(
    keys.map(async (key) => {
      const [type, ttl] = await Promise.all([redis.type(key), redis.pttl(key)]);
      const parts = await partsOf(redis, key, type);
      return parts.map((part) => `${key} ${type}${ttl >= 0 ? ` expires in ${ttl}` : ''} ${part}`);
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

function readable(name: string, text: string): string {
  if (name === 'stacktrace') return JSON.stringify((JSON.parse(text) as string[]).map((stack) => stack.split('\n')[0]));
  if (name !== 'opts' && name !== 'parent') return text;
  return JSON.stringify(JSON.parse(text), (_, value) => inOrder(value));
}

function inOrder(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

const someHours = 10_800_000;

/** Scores of delayed jobs are their times with twelve more bits. */
function withoutTimes(text: string): string {
  return text
    .replace(/\d{16}/g, (score) => String(Math.floor(Number(score) / 4_096)))
    .replace(/\d{13}/g, (time) => (Math.abs(Number(time) - Date.now()) < someHours ? '<time>' : time));
}
