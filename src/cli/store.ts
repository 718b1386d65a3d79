import { createApp, type App, type Logger, type StoreOptions } from '../index.js';
import { UsageError, type CommandOptions, type Given, type Surroundings } from './command.js';
import { lenientCodec } from './payload.js';
import { printable, withoutPasswords } from './terminal/printable.js';

/** How to get to Redis. */
export const storeOptions = {
  redis: { type: 'string', value: 'url', help: 'redis://… or, with TLS, rediss://…; default: $REDIS_URL' },
  prefix: { type: 'string', value: 'prefix', help: 'what all keys begin with; default: bull' },
  cluster: { type: 'boolean', help: 'the URL is of a node of a Redis Cluster' },
} as const satisfies CommandOptions;

/** The URL that was given; `undefined`: none. @throws UsageError */
export function redisUrl(given: Given, env: Surroundings['env']): string | undefined {
  const url = given.text('redis') ?? (env['REDIS_URL'] || undefined);
  if (url === undefined || isRedisUrl(url)) return url;
  throw new UsageError(
    `${given.text('redis') === undefined ? 'REDIS_URL' : '--redis'} must be a URL that begins with redis:// or rediss://, ` +
      'and ends with the number of a database, if with any',
  );
}

function isRedisUrl(text: string): boolean {
  return /^rediss?:\/\//i.test(text) && URL.canParse(text) && /^(\/\d*)?$/.test(new URL(text).pathname);
}

/**
 * An app that only looks, for as long as `use` needs it.
 *
 * @param url of Redis
 * @param warn hears what the engine warns of
 */
export async function withStore<T>(
  url: string,
  given: Given,
  warn: (message: string) => void,
  use: (app: App) => Promise<T>,
): Promise<T> {
  const logger: Logger = { warn: (message) => warn(withoutPasswords(printable(message))), error: () => {} };
  const prefix = given.text('prefix');
  const connection: StoreOptions['connection'] = given.flag('cluster') ? { cluster: [url] } : url;
  const app = createApp({ connection, ...(prefix !== undefined && { prefix }), codec: lenientCodec, logger });
  try {
    return await use(app);
  } finally {
    await app.close();
  }
}

/** {@link withStore} for commands that are of no use without one. @throws UsageError */
export function withRedis<T>(given: Given, { env, terminal }: Surroundings, use: (app: App) => Promise<T>): Promise<T> {
  const url = redisUrl(given, env);
  if (url === undefined) {
    throw new UsageError(
      'which Redis? Give --redis <url>, or set REDIS_URL. Jobs of the embedded engine are in the process that runs them, and ' +
        'can be seen in there only',
    );
  }
  return withStore(url, given, (message) => terminal.complain(`warning: ${message}`), use);
}
